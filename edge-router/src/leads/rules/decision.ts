import type { LocationId } from '../../rules/ids.ts';
import type { Coordinates } from '../../locations/rules/distance.ts';

/** Which level of the cascade placed the lead, first to last. */
export type MatchLevel = 'named' | 'sticky' | 'territory' | 'nearest' | 'overflow';

/** How well the lead's point is known. */
export type GeoConfidence = 'rooftop' | 'zip' | 'city' | 'state' | 'ip';

/** What became of one location in a decision. */
export type Verdict =
  | 'chosen'
  | 'full'
  | 'paused'
  | 'inactive'
  | 'closed'
  | 'no_service'
  | 'out_of_radius'
  | 'excluded'
  | 'outranked';

/**
 * Verdicts that a decision is told of: those that only Postgres can give, at the moment of assigning, and `excluded`,
 * for who had the lead before or is not to have it.
 */
export type RefusalVerdict = Extract<Verdict, 'full' | 'paused' | 'inactive' | 'excluded'>;

export type ParkedReason =
  | 'no_place'
  | 'no_location_in_range'
  | 'no_eligible_location'
  | 'all_candidates_full'
  | 'territory_owner_unavailable';

/** One location considered, as the trace keeps it. `distanceMiles` is null where the lead has no point. */
export interface Candidate {
  readonly locationId: LocationId;
  readonly name: string;
  readonly franchiseCode: string;
  readonly distanceMiles: number | null;
  readonly matchLevel: MatchLevel;
  readonly verdict: Verdict;
  /** The territory it owns, where that is no single postal code: `county MA/Suffolk`. */
  readonly territory?: string;
  /** With the strategy `score`: the weighted sum it was ranked by, four decimals. */
  readonly score?: number;
  /** With the strategy `weighted_round_robin`: its share of the turns. */
  readonly weight?: number;
}

/** A location to be asked for a seat, in order. `ignoresCapacity`: the rules give it the lead although it is full. */
export interface Attempt {
  readonly locationId: LocationId;
  readonly matchLevel: MatchLevel;
  readonly ignoresCapacity: boolean;
  /** Its place in the trace's candidates. */
  readonly traceIndex: number;
  /**
   * Attempts that follow each other with the same `pool` take turns: whose turn it is, is known and kept in Postgres
   * alone. Both are absent where the order stands.
   */
  readonly pool?: string;
  readonly weight?: number;
}

/** What is kept with the lead, at most 4 KB: it holds no person's data. */
export interface DecisionTrace {
  readonly ruleVersion: number;
  /** Null where none had been published. */
  readonly territoryVersion: number | null;
  readonly matchLevel: MatchLevel | null;
  readonly geoConfidence: GeoConfidence | null;
  readonly place: Coordinates | null;
  readonly inputs: Readonly<Record<string, string | null>>;
  readonly candidates: readonly Candidate[];
  /** Locations considered that the list has no room for, by verdict. */
  readonly omitted: Readonly<Partial<Record<Verdict, number>>>;
  /** What was cleaned or could not be used, by field: `email: unusable`. Never the value. */
  readonly notes: readonly string[];
}

/** The outcome of `decide`: whom to ask, in order, and why; `parkedReason` holds when nobody takes the lead. */
export interface Decision {
  readonly attempts: readonly Attempt[];
  readonly parkedReason: ParkedReason;
  /** How many turns a pool's member may be owed at most; null where nobody takes turns. */
  readonly maxCatchUpTurns: number | null;
  readonly trace: DecisionTrace;
}

export interface Refusal {
  readonly locationId: string;
  readonly verdict: RefusalVerdict;
}

/**
 * The trace after the seats were asked for: who refused, who was chosen. The same change that `assign_lead` makes to
 * the stored trace, so that the first answer and every later one are equal.
 */
export function settleTrace(
  trace: DecisionTrace,
  outcome: {
    chosen: Attempt | null;
    refusals: readonly Refusal[];
    /** As Postgres answered it: `sticky` where the first asked had the person already. */
    matchLevel?: MatchLevel;
  },
): DecisionTrace {
  const refused = new Map(outcome.refusals.map((refusal) => [refusal.locationId, refusal.verdict]));
  const candidates = trace.candidates.map((candidate) => {
    if (candidate.verdict !== 'outranked') return candidate;
    if (candidate.locationId === outcome.chosen?.locationId) return { ...candidate, verdict: 'chosen' as const };
    const verdict = refused.get(candidate.locationId);
    return verdict ? { ...candidate, verdict } : candidate;
  });
  return { ...trace, matchLevel: outcome.chosen && (outcome.matchLevel ?? outcome.chosen.matchLevel), candidates };
}
