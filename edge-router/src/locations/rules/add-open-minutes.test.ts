import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addOpenMinutes } from './add-open-minutes.ts';
import { isOpenAt, type OpeningTimes, type WeeklyHours } from './opening-hours.ts';

const MINUTE_MS = 60_000;
const MAX_MINUTES_LOOKED_AT = 40 * 24 * 60;

/** Counts every minute, one after the other. */
function countMinutes(times: OpeningTimes, fromMs: number, minutes: number): number | null {
  let open = 0;
  for (let passed = 0; passed < MAX_MINUTES_LOOKED_AT; passed++) {
    if (open === minutes) return fromMs + passed * MINUTE_MS;
    if (isOpenAt(times, fromMs + passed * MINUTE_MS)) open++;
  }
  return null;
}

const day = fc.option(
  fc
    .tuple(fc.integer({ min: 0, max: 22 * 60 }), fc.integer({ min: 30, max: 16 * 60 }))
    .map(([opens, length]) => [[opens, Math.min(opens + length, 2880)] as const]),
  { nil: [] },
);
const hours = fc.tuple(day, day, day, day, day, day, day).map((days): WeeklyHours => days);

it('is the moment that counting minute by minute finds, over nights, weekends, holidays and changed clocks', () => {
  fc.assert(
    fc.property(
      fc.option(hours, { nil: null }),
      fc.constantFrom('America/New_York', 'America/Phoenix', 'Pacific/Auckland', 'America/St_Johns'),
      fc.constantFrom('2026-03-06T12:00:00Z', '2026-10-30T20:00:00Z', '2026-06-30T03:17:00Z', '2026-04-03T09:30:00Z'),
      fc.integer({ min: 1, max: 1500 }),
      (weekly, timezone, from, minutes) => {
        const times = { hours: weekly, holidays: ['2026-03-09', '2026-11-02'], timezone };
        const fromMs = Date.parse(from);
        const expected = countMinutes(times, fromMs, minutes);
        fc.pre(expected !== null);
        const found = addOpenMinutes(times, fromMs, minutes);
        // The last minute's end may be the moment of closing; the next open moment counts the same minutes.
        let open = 0;
        for (let ms = fromMs; ms < found; ms += MINUTE_MS) if (isOpenAt(times, ms)) open++;
        expect(open).toBe(minutes);
        expect(found).toBeLessThanOrEqual(expected);
      },
    ),
    { numRuns: 100 },
  );
});

it('counts from within a minute, and ends where the location never opens', () => {
  const always = { hours: null, holidays: [], timezone: 'UTC' };
  expect(addOpenMinutes(always, 1234, 5)).toBe(1234 + 5 * MINUTE_MS);
  const never = { hours: [[], [], [], [], [], [], []], holidays: [], timezone: 'UTC' };
  expect(addOpenMinutes(never, 0, 5)).toBeGreaterThan(0);
});
