/** Minutes since the day's midnight, from 0 to 1440; `closesAt` may run past midnight, up to 2880. */
export type OpenSpan = readonly [opensAtMinutes: number, closesAtMinutes: number];

/** Seven days, Monday first; a day's spans in order, none when it is closed that day. In the location's own time zone. */
export type WeeklyHours = readonly (readonly OpenSpan[])[];

export interface OpeningTimes {
  /** Null: open at all times. */
  readonly hours: WeeklyHours | null;
  /** YYYY-MM-DD in its own time zone. What begins on such a day is closed. */
  readonly holidays: readonly string[];
  readonly timezone: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAY_MINUTES = 1440;
/** No zone has ever changed its clock but at a quarter of an hour of UTC. */
const OFFSET_KNOWN_MS = 15 * MINUTE_MS;
const MAX_OFFSETS_KEPT = 1000;
const MAX_DAYS_AHEAD = 14;
/** Three days of them: a local day lies somewhere within. */
const QUARTERS_AROUND = 3 * 96;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 3;

/** Whether it takes leads at `nowMs` by its own clock. A span that began yesterday counts, unless yesterday was a holiday. */
export function isOpenAt(times: OpeningTimes, nowMs: number): boolean {
  if (times.hours === null && times.holidays.length === 0) return true;
  const localMs = nowMs + findOffsetMs(times.timezone, nowMs);
  const day = Math.floor(localMs / DAY_MS);
  const minutes = (localMs - day * DAY_MS) / MINUTE_MS;
  return (
    spansOf(times, day).some(([opens, closes]) => opens <= minutes && minutes < closes) ||
    spansOf(times, day - 1).some(([, closes]) => minutes < closes - DAY_MINUTES)
  );
}

/** The next moment from `nowMs` on at which it is open; null when there is none within 14 days. */
export function nextOpeningMs(times: OpeningTimes, nowMs: number): number | null {
  if (isOpenAt(times, nowMs)) return nowMs;
  const today = Math.floor((nowMs + findOffsetMs(times.timezone, nowMs)) / DAY_MS);
  const days = Array.from({ length: MAX_DAYS_AHEAD + 1 }, (_, ahead) => today + ahead);
  const moments = days.flatMap((day) => listMoments(times, day)).sort((a, b) => a - b);
  return moments.find((ms) => ms > nowMs && isOpenAt(times, ms)) ?? null;
}

/** When it may open on a local day: at its hours, and where the clock is changed at any quarter of that day. */
function listMoments(times: OpeningTimes, day: number): number[] {
  const startMs = day * DAY_MS;
  const before = findOffsetMs(times.timezone, startMs - DAY_MS);
  const after = findOffsetMs(times.timezone, startMs + 2 * DAY_MS);
  if (before === after) return spansOf(times, day).map(([opens]) => startMs + opens * MINUTE_MS - before);
  const quarters = Array.from({ length: QUARTERS_AROUND }, (_, index) => startMs - DAY_MS + index * OFFSET_KNOWN_MS);
  const openings = spansOf(times, day).flatMap(([opens]) =>
    [before, after].map((offsetMs) => startMs + opens * MINUTE_MS - offsetMs),
  );
  return [...openings, ...quarters];
}

const WHOLE_DAY: readonly OpenSpan[] = [[0, DAY_MINUTES]];
const NEVER: readonly OpenSpan[] = [];

function spansOf({ hours, holidays }: OpeningTimes, day: number): readonly OpenSpan[] {
  if (holidays.length > 0 && holidays.includes(new Date(day * DAY_MS).toISOString().slice(0, 10))) return NEVER;
  return hours === null ? WHOLE_DAY : (hours[(day + EPOCH_WEEKDAY) % 7] ?? NEVER);
}

interface Clock {
  readonly format: Intl.DateTimeFormat;
  quarter: number;
  offsetMs: number;
}

const clocks = new Map<string, Clock>();

/** The day that a zone's calendar shows, YYYY-MM-DD. */
export function findLocalDay(timezone: string, nowMs: number): string {
  const day = Math.floor((nowMs + findOffsetMs(timezone, nowMs)) / DAY_MS);
  if (day !== lastDay.day) lastDay = { day, text: new Date(day * DAY_MS).toISOString().slice(0, 10) };
  return lastDay.text;
}

/** Asked with every lead: the text is made once a day. */
let lastDay = { day: 0, text: '1970-01-01' };

/** How far a zone's clock is ahead of UTC. Asking the runtime takes microseconds, so the last answer of a zone is kept. */
function findOffsetMs(timezone: string, nowMs: number): number {
  const clock = clocks.get(timezone) ?? keepClock(timezone);
  const quarter = Math.floor(nowMs / OFFSET_KNOWN_MS);
  if (clock.quarter !== quarter) {
    clock.offsetMs = readLocalMs(clock.format, quarter * OFFSET_KNOWN_MS) - quarter * OFFSET_KNOWN_MS;
    clock.quarter = quarter;
  }
  return clock.offsetMs;
}

function keepClock(timezone: string): Clock {
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { ...numeric, timeZone: timezone, hourCycle: 'h23' });
  const clock = { format, quarter: Number.NaN, offsetMs: 0 };
  if (clocks.size >= MAX_OFFSETS_KEPT) clocks.clear();
  clocks.set(timezone, clock);
  return clock;
}

function readLocalMs(format: Intl.DateTimeFormat, ms: number): number {
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const read = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'));
}
