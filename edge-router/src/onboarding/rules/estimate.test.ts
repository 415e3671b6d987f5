import fc from 'fast-check';
import { expect, it } from 'vitest';
import { estimateOnboarding } from './estimate.ts';

it.each([
  [0, 0, { companyCalls: 0, locationCalls: 0, minutes: 0, boundBy: 'nothing' }],
  [75, 0, { companyCalls: 600, minutes: 10, boundBy: 'snapshots' }],
  [101, 0, { companyCalls: 808, minutes: 20, boundBy: 'snapshots' }],
  [0, 100, { companyCalls: 200, locationCalls: 2000, minutes: 3, boundBy: 'calls' }],
  [30_000, 0, { companyCalls: 240_000, minutes: 3000, boundBy: 'snapshots' }],
] as const)('%i new and %i known sub-accounts take %o', (newSubAccounts, knownSubAccounts, expected) => {
  expect(estimateOnboarding({ newSubAccounts, knownSubAccounts, maxActiveRows: 5 })).toMatchObject(expected);
});

it('never promises more than a budget allows, and more rows never take less time', () => {
  const counts = fc.nat({ max: 100_000 });
  fc.assert(
    fc.property(counts, counts, fc.integer({ min: 1, max: 50 }), (newSubAccounts, knownSubAccounts, maxActiveRows) => {
      const work = { newSubAccounts, knownSubAccounts, maxActiveRows };
      const { companyCalls, minutes } = estimateOnboarding(work);
      expect(companyCalls).toBeLessThanOrEqual(newSubAccounts * 8 + knownSubAccounts * 2);
      expect(minutes * 600).toBeGreaterThanOrEqual(companyCalls);
      expect(minutes).toBeGreaterThanOrEqual(newSubAccounts / 10);
      const more = estimateOnboarding({ ...work, newSubAccounts: newSubAccounts + 1 });
      expect(more.minutes).toBeGreaterThanOrEqual(minutes);
    }),
  );
});
