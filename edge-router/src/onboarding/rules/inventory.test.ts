import { expect, it } from 'vitest';
import { compareInventory } from './inventory.ts';

it('names what the template has and is not there, and what is there too often', () => {
  const template = { workflow: ['Welcome', 'Reminder'], tag: ['won'], calendar: ['Visit'] };
  const found = { workflow: ['Reminder', 'Reminder', 'Own'], tag: ['won', 'vip'] };
  const findings = compareInventory(template, found).map(({ check, name, status }) => [check, name, status]);
  expect(findings).toEqual([
    ['workflow', 'Welcome', 'missing'],
    ['workflow', 'Reminder', 'differs'],
    ['tag', null, 'ok'],
    ['calendar', 'Visit', 'missing'],
  ]);
});
