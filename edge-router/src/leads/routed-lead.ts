import type { Directory } from '../locations/rules/directory.ts';
import type { Candidate, DecisionTrace, GeoConfidence, MatchLevel, ParkedReason } from './rules/decision.ts';
import { explainDecision } from './rules/explain.ts';

/** A lead's outcome as it is stored. */
export interface StoredOutcome {
  readonly leadId: string;
  readonly status: 'assigned' | 'parked' | 'duplicate';
  readonly locationId: string | null;
  readonly trace: DecisionTrace;
  readonly parkedReason: ParkedReason | null;
  readonly duplicateOf?: string | null;
}

/** The answer to whoever sent the lead. */
export interface RoutedLead {
  readonly leadId: string;
  readonly status: 'assigned' | 'parked' | 'duplicate';
  readonly location: {
    readonly id: string;
    readonly name: string;
    readonly franchiseCode: string;
    readonly distanceMiles: number | null;
  } | null;
  readonly decision: {
    readonly matchLevel: MatchLevel | null;
    readonly geoConfidence: GeoConfidence | null;
    readonly ruleVersion: number;
    readonly territoryVersion: number | null;
    readonly reason: string;
    readonly parkedReason: ParkedReason | null;
    readonly candidates: readonly Candidate[];
    readonly omitted: DecisionTrace['omitted'];
    readonly notes: readonly string[];
  };
  readonly duplicateOf: string | null;
  readonly replayed: boolean;
}

/** Makes the answer from what is stored, so that a replay says exactly what the first answer said. */
export function describeRoutedLead(
  outcome: StoredOutcome & { readonly replayed: boolean },
  directory: Directory,
): RoutedLead {
  const { trace } = outcome;
  return {
    leadId: outcome.leadId,
    status: outcome.status,
    location: describeLocation(outcome, directory),
    decision: {
      matchLevel: trace.matchLevel,
      geoConfidence: trace.geoConfidence,
      ruleVersion: trace.ruleVersion,
      territoryVersion: trace.territoryVersion,
      reason: explainDecision(outcome),
      parkedReason: outcome.parkedReason,
      candidates: trace.candidates,
      omitted: trace.omitted,
      notes: trace.notes,
    },
    duplicateOf: outcome.duplicateOf ?? null,
    replayed: outcome.replayed,
  };
}

function describeLocation({ locationId, trace }: StoredOutcome, directory: Directory): RoutedLead['location'] {
  if (!locationId) return null;
  const traced = trace.candidates.find((candidate) => candidate.locationId === locationId);
  const known = directory.locationsById.get(locationId);
  return {
    id: locationId,
    name: known?.name ?? traced?.name ?? '',
    franchiseCode: traced?.franchiseCode ?? known?.franchiseCode ?? '',
    distanceMiles: traced?.distanceMiles ?? null,
  };
}
