import { expect, it } from 'vitest';
import { fillEmail, isEmailRule } from './email-rule.ts';

const fields = { franchiseCode: 'OBP 007', name: 'Otterbrook São Paulo', city: 'Mobile', state: 'AL' };

it.each([
  ['{franchiseCode}@brand.example', 'obp-007@brand.example'],
  ['office+{city}.{state}@brand.example', 'office+mobile.al@brand.example'],
  ['{name}@brand.example', 'otterbrook-sao-paulo@brand.example'],
  ['office@brand.example', 'office@brand.example'],
])('the rule %s makes %s', (rule, email) => {
  expect(isEmailRule(rule)).toBe(true);
  expect(fillEmail(rule, fields)).toBe(email);
});

it.each(['{franchiseCode}', '{phone}@brand.example', '{constructor}@brand.example', '', 'a b@brand.example'])(
  '%j is no rule',
  (rule) => {
    expect(isEmailRule(rule)).toBe(false);
  },
);

it('a row with nothing to put in gets no e-mail', () => {
  expect(fillEmail('{franchiseCode}@brand.example', { ...fields, franchiseCode: '—' })).toBeNull();
});
