import { expect, it } from 'vitest';
import { planRow } from '../testing/otterbrook.ts';
import { compareSubAccount, toSubAccountFields } from './sub-account-fields.ts';
import { splitName } from './person-name.ts';

const wanted = toSubAccountFields(planRow({ website: 'https://otterbrook.example.com' }));

it('sees what differs, not how it is written', () => {
  const stored = { ...wanted, phone: '+1 205-555-0100', website: 'https://Otterbrook.example.com/', city: 'Mobile' };
  expect(compareSubAccount(wanted, stored)).toEqual({ city: 'Birmingham' });
  expect(compareSubAccount(wanted, {})).toEqual(wanted);
});

it('leaves alone what the row does not have', () => {
  const fields = toSubAccountFields(planRow({ phone: null }));
  expect(fields).not.toHaveProperty('phone');
  expect(compareSubAccount(fields, { ...fields, phone: '+12055550100' })).toEqual({});
});

it.each([
  ['Avery Okonkwo', { firstName: 'Avery', lastName: 'Okonkwo' }],
  ['Mary Ann van Dyke', { firstName: 'Mary Ann van', lastName: 'Dyke' }],
  ['Cher', { firstName: 'Cher', lastName: '.' }],
])('splits %s', (name, parts) => {
  expect(splitName(name)).toEqual(parts);
});
