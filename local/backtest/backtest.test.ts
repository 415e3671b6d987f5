import { expect, test } from 'vitest';
import { parseBacktestOptions } from './options.ts';
import { describeResult } from './result-lines.ts';

test('the last 90 days are routed by what is in effect unless something else is said', () => {
  expect(parseBacktestOptions([])).toEqual({
    ok: true,
    value: { days: 90, rules: null, territories: null, source: null, before: 'in_effect' },
  });
  expect(parseBacktestOptions(['--rules', '3', '--territories', '2', '--days', '7', '--assigned'])).toMatchObject({
    value: { days: 7, rules: 3, territories: 2, before: 'assigned' },
  });
});

test.each([
  [['--days', '0'], '--days is a whole number from 1, not "0".'],
  [['--rules', 'new'], '--rules is a whole number from 1, not "new".'],
  [['--force'], "Unknown option '--force'."],
])('%j is refused in one line', (args, start) => {
  const options = parseBacktestOptions(args);
  expect(options.ok ? '' : options.error).toContain(start);
});

test('totals stand side by side, with who gains, who loses, and what parks', () => {
  const [a, b] = [
    { name: 'Boston', franchiseCode: 'A' },
    { name: 'Salem', franchiseCode: 'B' },
  ];
  const lines = describeResult({
    id: 'x',
    status: 'finished',
    total: 10,
    done: 10,
    error: null,
    result: {
      leads: 10,
      duplicates: 1,
      moved: 4,
      before: { assigned: 9, parked: 0, parkedByReason: {}, byMatchLevel: { territory: 9 } },
      after: { assigned: 7, parked: 2, parkedByReason: { no_place: 2 }, byMatchLevel: { nearest: 2, territory: 5 } },
      gains: [{ location: b, before: 0, after: 2, change: 2 }],
      losses: [{ location: a, before: 9, after: 5, change: -4 }],
      pairs: [
        { from: a, to: b, leads: 2 },
        { from: a, to: null, leads: 2 },
      ],
    },
  }).join('\n');
  expect(lines).toContain('10 leads, 1 duplicates among them; 4 move');
  expect(lines).toMatch(/assigned +9 +7 +-2/);
  expect(lines).toMatch(/ {2}no_place +0 +2 +\+2/);
  expect(lines).toMatch(/B Salem +0 +2 +\+2/);
  expect(lines).toMatch(/A +→ +parking lot +2/);
});
