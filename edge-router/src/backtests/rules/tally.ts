import type { BacktestLead, Placement } from './backtest-lead.ts';

/** How the leads of one side ended. */
interface SideTally {
  assigned: number;
  readonly parked: Record<string, number>;
  readonly levels: Record<string, number>;
}

/** Leads of one location: before, after, those that come to it and those that leave it. */
type LocationTally = [before: number, after: number, gained: number, lost: number];
/** Leads of one source: all, those that move, parked before, parked after. */
type SourceTally = [leads: number, moved: number, parkedBefore: number, parkedAfter: number];

/** What a backtest has counted so far, as it is kept between slices. */
export interface Tally {
  leads: number;
  duplicates: number;
  moved: number;
  readonly before: SideTally;
  readonly after: SideTally;
  readonly locations: Map<string, LocationTally>;
  readonly sources: Map<string, SourceTally>;
}

/** A tally as it is stored. */
export interface StoredTally extends Omit<Tally, 'locations' | 'sources'> {
  readonly locations: [string, LocationTally][];
  readonly sources: [string, SourceTally][];
}

/** Sources past so many are counted as one. */
const MAX_SOURCES = 200;
const OTHER_SOURCES = '(others)';

export function startTally(): Tally {
  const side = (): SideTally => ({ assigned: 0, parked: {}, levels: {} });
  return { leads: 0, duplicates: 0, moved: 0, before: side(), after: side(), locations: new Map(), sources: new Map() };
}

export function readTally({ locations, sources, ...counts }: StoredTally): Tally {
  return { ...counts, locations: new Map(locations), sources: new Map(sources) };
}

export function storeTally({ locations, sources, ...counts }: Tally): StoredTally {
  return { ...counts, locations: [...locations], sources: [...sources] };
}

/** Counts a lead into `tally`. @returns whether it goes to somebody else */
export function countLead(
  tally: Tally,
  lead: Pick<BacktestLead, 'source'>,
  { before, after }: { before: Placement; after: Placement },
): boolean {
  tally.leads += 1;
  const source = sourceOf(tally, lead.source);
  source[0] += 1;
  if (after.status === 'duplicate') {
    tally.duplicates += 1;
    return false;
  }
  countSide(tally.before, before);
  countSide(tally.after, after);
  if (before.status === 'parked') source[2] += 1;
  if (after.status === 'parked') source[3] += 1;
  const isMoved = before.locationId !== after.locationId;
  if (before.locationId !== null) {
    const location = locationOf(tally, before.locationId);
    location[0] += 1;
    if (isMoved) location[3] += 1;
  }
  if (after.locationId !== null) {
    const location = locationOf(tally, after.locationId);
    location[1] += 1;
    if (isMoved) location[2] += 1;
  }
  if (isMoved) {
    tally.moved += 1;
    source[1] += 1;
  }
  return isMoved;
}

function countSide(side: SideTally, placement: Placement): void {
  if (placement.status === 'assigned') side.assigned += 1;
  const [counts, key] =
    placement.status === 'parked'
      ? [side.parked, placement.parkedReason ?? 'unknown']
      : [side.levels, placement.matchLevel ?? 'unknown'];
  counts[key] = (counts[key] ?? 0) + 1;
}

function locationOf({ locations }: Tally, id: string): LocationTally {
  const known = locations.get(id) ?? [0, 0, 0, 0];
  locations.set(id, known);
  return known;
}

function sourceOf({ sources }: Tally, name: string): SourceTally {
  const key = sources.has(name) || sources.size < MAX_SOURCES ? name : OTHER_SOURCES;
  const known = sources.get(key) ?? [0, 0, 0, 0];
  sources.set(key, known);
  return known;
}
