import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpenAt, nextOpeningMs, type OpeningTimes, type WeeklyHours } from './opening-hours.ts';

const officeHours: WeeklyHours = [[[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 1020]], [], []];
const nightly: WeeklyHours = Array.from({ length: 7 }, () => [[1320, 1560]] as const);
const zones = ['America/New_York', 'America/Phoenix', 'America/St_Johns', 'Pacific/Honolulu', 'Australia/Lord_Howe'];
const at = (iso: string): number => Date.parse(iso);

function timesOf(given: Partial<OpeningTimes>): OpeningTimes {
  return { hours: officeHours, holidays: [], timezone: 'America/New_York', ...given };
}

/** The slow and plain way: what the clock on the wall shows, as text, held against the day's spans. */
function isOpenByTheWall({ hours, holidays, timezone }: OpeningTimes, ms: number): boolean {
  const wall = new Date(ms).toLocaleString('sv-SE', { timeZone: timezone });
  const today = wall.slice(0, 10);
  const minutes = Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16));
  const yesterday = new Date(Date.parse(`${today}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
  const spansOf = (day: string): readonly (readonly [number, number])[] => {
    if (holidays.includes(day)) return [];
    const weekday = new Date(`${day}T12:00:00Z`).getUTCDay();
    return hours === null ? [[0, 1440]] : (hours[(weekday + 6) % 7] ?? []);
  };
  return (
    spansOf(today).some(([opens, closes]) => opens <= minutes && minutes < closes) ||
    spansOf(yesterday).some(([, closes]) => minutes + 1440 < closes)
  );
}

describe('a location', () => {
  it('without hours and holidays is always open', () => {
    expect(isOpenAt(timesOf({ hours: null }), 0)).toBe(true);
    expect(nextOpeningMs(timesOf({ hours: null }), 5)).toBe(5);
  });

  it.each([
    ['2026-03-06T13:59:59Z', false],
    ['2026-03-06T14:00:00Z', true],
    ['2026-03-06T21:59:59Z', true],
    ['2026-03-06T22:00:00Z', false],
    ['2026-03-07T15:00:00Z', false],
    // The Monday after the clocks went forward: nine in the morning comes an hour earlier.
    ['2026-03-09T13:00:00Z', true],
    ['2026-03-09T12:59:59Z', false],
  ])('with office hours is asked at %s: open %s', (iso, open) => {
    expect(isOpenAt(timesOf({}), at(iso))).toBe(open);
  });

  it('is closed on its holidays, and what began the evening before one goes on past midnight', () => {
    const times = timesOf({ hours: nightly, holidays: ['2026-12-25'] });
    expect(isOpenAt(times, at('2026-12-25T01:00:00-05:00'))).toBe(true);
    expect(isOpenAt(times, at('2026-12-25T23:00:00-05:00'))).toBe(false);
    expect(isOpenAt(times, at('2026-12-26T01:00:00-05:00'))).toBe(false);
    expect(isOpenAt(times, at('2026-12-26T22:00:00-05:00'))).toBe(true);
  });

  it('opens next on Monday at nine, on the day after a holiday, or never', () => {
    const friday = at('2026-03-06T18:00:00-05:00');
    expect(nextOpeningMs(timesOf({}), friday)).toBe(at('2026-03-09T09:00:00-04:00'));
    expect(nextOpeningMs(timesOf({ holidays: ['2026-03-09'] }), friday)).toBe(at('2026-03-10T09:00:00-04:00'));
    expect(nextOpeningMs(timesOf({ hours: [[], [], [], [], [], [], []] }), friday)).toBeNull();
  });

  it('that opens at an hour which the clock leaps over opens at the leap', () => {
    const sundays: WeeklyHours = [[], [], [], [], [], [], [[150, 600]]];
    expect(nextOpeningMs(timesOf({ hours: sundays }), at('2026-03-08T00:00:00-05:00'))).toBe(
      at('2026-03-08T03:00:00-04:00'),
    );
  });
});

const minuteOfDay = fc.integer({ min: 0, max: 1439 });
const span = fc
  .tuple(minuteOfDay, fc.integer({ min: 1, max: 1440 }))
  .map(([opens, long]) => [opens, opens + long] as const);
const weekly = fc.array(
  fc.array(span, { maxLength: 2 }).map((spans) => spans.toSorted((a, b) => a[0] - b[0])),
  { minLength: 7, maxLength: 7 },
);
// Around both changes of the clocks, and the turn of the year.
const moments = fc
  .tuple(
    fc.constantFrom('2026-03-08', '2026-04-05', '2026-10-04', '2026-11-01', '2026-12-31'),
    fc.integer({ min: -2880, max: 2880 }),
  )
  .map(([day, minutes]) => at(`${day}T00:00:00Z`) + minutes * 60_000);
const times = fc.record({
  hours: fc.option(weekly, { nil: null }),
  holidays: fc.subarray(['2026-03-08', '2026-11-01', '2027-01-01']),
  timezone: fc.constantFrom(...zones),
});

describe('at any moment', () => {
  it('is open exactly when the clock on its wall says so', () => {
    fc.assert(
      fc.property(times, moments, (given, ms) => {
        expect(isOpenAt(given, ms)).toBe(isOpenByTheWall(given, ms));
      }),
      { numRuns: 2000 },
    );
  });

  it('opens next at the first minute at which it is open', () => {
    fc.assert(
      fc.property(times, moments, (given, ms) => {
        const end = ms + 3 * 86_400_000;
        let minute = ms;
        while (minute < end && !isOpenByTheWall(given, minute)) minute += 60_000;
        expect(Math.min(nextOpeningMs(given, ms) ?? end, end)).toBe(minute);
      }),
      { numRuns: 60 },
    );
  });
});
