import type { LocationId } from '../../rules/ids.ts';
import type { Directory, DirectoryLocation } from '../../locations/rules/directory.ts';
import { measureDistanceMiles } from '../../locations/rules/distance.ts';
import type { PostalCodes } from '../../locations/rules/postal-codes.ts';
import type { Attempt, Candidate, MatchLevel, RefusalVerdict, Verdict } from './decision.ts';
import { findObstacle, type EligibilityQuestion } from './eligibility.ts';
import type { Place, PlaceInputs } from './place.ts';

/** Asked for a seat in one call. What the trace keeps beside them are the nearest that could not be asked. */
export const MAX_ATTEMPTS = 16;
const MAX_OBSTRUCTED_SHOWN = 4;
const MAX_NAME_LENGTH_SHOWN = 40;

export interface RoutingQuestion extends PlaceInputs {
  /** Our id, franchise code or sub-account id, as the source named it. */
  readonly namedLocation: string | null;
  readonly service: string | null;
  /** The lead's own score, 0 to 1000; null where it came without. */
  readonly score?: number | null;
}

/** What earlier calls of the same decision learned from Postgres. */
export interface Knowledge {
  readonly stickyLocationId: LocationId | null;
  readonly refusals: ReadonlyMap<string, RefusalVerdict>;
}

export interface DecideInput {
  readonly question: RoutingQuestion;
  readonly directory: Directory;
  readonly postalCodes: PostalCodes;
  readonly knowledge: Knowledge;
  /** From cleaning the lead; kept in the trace. */
  readonly notes: readonly string[];
  readonly nowMs: number;
  /** Seats taken today as last copied to this isolate; null where nothing is known of the location. */
  readonly usedToday: (locationId: LocationId) => number | null;
}

/** A decision in the making. */
export interface Draft extends DecideInput {
  readonly place: Place | null;
  /** An exclusive owner that gets the lead although its day is full or over; null where the rules know none. */
  readonly anywayId: LocationId | null;
  readonly eligibility: EligibilityQuestion;
  readonly attempts: Attempt[];
  readonly candidates: Candidate[];
  readonly seen: Set<string>;
  readonly omitted: Partial<Record<Verdict, number>>;
  readonly notesMade: string[];
  obstructedShown: number;
}

/** How a location came to be considered. */
export interface Consideration {
  readonly matchLevel: MatchLevel;
  readonly territory?: string;
  readonly score?: number;
  readonly turn?: { readonly pool: string; readonly weight: number };
}

/** Adds a location to those to be asked, or to those that cannot be, with the reason. Each location once. */
export function consider(draft: Draft, location: DirectoryLocation, how: Consideration): void {
  if (draft.seen.has(location.id)) return;
  const found = findObstacle(location, draft.eligibility);
  const ignoresCapacity = draft.anywayId === location.id;
  const obstacle = ignoresCapacity && (found === 'full' || found === 'closed') ? null : found;
  if (!obstacle && draft.attempts.length < MAX_ATTEMPTS) {
    const { matchLevel, turn } = how;
    const traceIndex = draft.candidates.length;
    draft.attempts.push({ locationId: location.id, matchLevel, ignoresCapacity, traceIndex, ...turn });
    record(draft, location, { ...how, verdict: 'outranked' });
    return;
  }
  if (obstacle) record(draft, location, { ...how, verdict: obstacle });
  else omit(draft, location, 'outranked');
}

/** Keeps a location in the trace; of those that cannot be asked only the first few, and the others' number. */
export function record(
  draft: Draft,
  location: DirectoryLocation,
  { matchLevel, verdict, score, turn, territory }: Consideration & { readonly verdict: Verdict },
): void {
  if (verdict !== 'outranked' && ++draft.obstructedShown > MAX_OBSTRUCTED_SHOWN) {
    omit(draft, location, verdict);
    return;
  }
  draft.seen.add(location.id);
  draft.candidates.push({
    locationId: location.id,
    name: location.name.slice(0, MAX_NAME_LENGTH_SHOWN).toWellFormed(),
    franchiseCode: location.franchiseCode,
    distanceMiles: draft.place
      ? roundTo(measureDistanceMiles(draft.place.coordinates, location.coordinates), 100)
      : null,
    matchLevel,
    verdict,
    ...(territory === undefined ? undefined : { territory }),
    ...(score === undefined ? undefined : { score: roundTo(score, 10_000) }),
    ...(turn && { weight: turn.weight }),
  });
}

function omit(draft: Draft, location: DirectoryLocation, verdict: Verdict): void {
  draft.seen.add(location.id);
  draft.omitted[verdict] = (draft.omitted[verdict] ?? 0) + 1;
}

function roundTo(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
