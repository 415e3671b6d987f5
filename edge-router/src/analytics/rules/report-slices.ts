/** A location on a day. So many are counted in one statement; each has a row at most. */
const CELLS_PER_SLICE = 5000;
const DAYS_PER_SLICE = 31;
const DAY_MS = 86_400_000;

/** Days are `YYYY-MM-DD`, both included. */
export interface ReportSpan {
  readonly from: string;
  readonly to: string;
  readonly locations: number;
}

export interface ReportSlice {
  readonly from: string;
  readonly to: string;
  /** Locations in the order of their ids: how many come before, and how many are counted. */
  readonly skip: number;
  readonly take: number;
}

export function countDays({ from, to }: Pick<ReportSpan, 'from' | 'to'>): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
}

/** How many slices the span has; each location is counted for each day in exactly one of them. */
export function countSlices(span: ReportSpan): number {
  const { dayParts, take } = measureSlices(span);
  return dayParts * Math.ceil(span.locations / take);
}

/** The `index`th slice, from 0: all days of some locations come before the next locations. */
export function cutSlice(span: ReportSpan, index: number): ReportSlice {
  const { dayParts, take } = measureSlices(span);
  const from = addDays(span.from, (index % dayParts) * DAYS_PER_SLICE);
  const last = addDays(from, DAYS_PER_SLICE - 1);
  return { from, to: last < span.to ? last : span.to, skip: Math.floor(index / dayParts) * take, take };
}

function measureSlices(span: ReportSpan): { dayParts: number; take: number } {
  const days = countDays(span);
  return {
    dayParts: Math.ceil(days / DAYS_PER_SLICE),
    take: Math.floor(CELLS_PER_SLICE / Math.min(days, DAYS_PER_SLICE)),
  };
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
