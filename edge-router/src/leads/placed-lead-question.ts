import type { PlacedLead } from '../../../db/queries/read-placed-leads.ts';
import type { Directory } from '../locations/rules/directory.ts';
import { cleanPostalCode } from '../locations/rules/postal-code-text.ts';
import { questionOf } from './rules/routing-question.ts';
import type { RoutingQuestion } from './rules/decide.ts';
import type { DecisionTrace } from './rules/decision.ts';
import type { CleanLead } from './rules/normalise.ts';

/** Where the trace keeps whom a person asked to leave out, ids with spaces between: it holds for later tries too. */
const EXCLUDED_INPUT = 'exclude';
/** What `decide` notes itself, anew each time. */
const NOTES_OF_DECIDE = new Set(['postalCode: unknown', 'location: unknown']);

/** The lead as it was cleaned when it came; what is not stored as a column is in its trace. */
export function readCleanLead(lead: PlacedLead, trace: DecisionTrace): CleanLead {
  const { leadId: _id, createdAtMs: _at, status: _status, locationId: _place, moves: _moves, ...columns } = lead;
  const { duplicateOf: _of, parkedReason: _reason, decision: _decision, ...fields } = columns;
  const postalCode = fields.postalCode === null ? null : cleanPostalCode(fields.postalCode);
  return {
    ...fields,
    postalCode: postalCode?.ok ? postalCode.value : null,
    location: trace.inputs['location'] ?? null,
  };
}

/** What of a stored lead decides where it goes; `location` is whom a person names for it now. */
export function questionOfPlacedLead(
  clean: CleanLead,
  { trace, rules, location }: { trace: DecisionTrace; rules: Directory['rules']; location: string | null },
): RoutingQuestion {
  const edgePlace = trace.geoConfidence === 'ip' ? trace.place : null;
  return questionOf({ ...clean, location: location ?? clean.location }, { rules, readEdgePlace: () => edgePlace });
}

/** Notes from cleaning the lead. */
export function notesOfCleaning(trace: DecisionTrace): readonly string[] {
  return trace.notes.filter((note) => !NOTES_OF_DECIDE.has(note));
}

/** Everybody who has or had the lead. */
export function listHolders(lead: PlacedLead): readonly string[] {
  return [lead.locationId, ...lead.moves.flatMap(({ from, to }) => [from, to])].filter((id) => id !== null);
}

/** Whom people asked to leave out when they reassigned the lead. */
export function listExcluded(trace: DecisionTrace): readonly string[] {
  return trace.inputs[EXCLUDED_INPUT]?.split(' ') ?? [];
}

export function withExcluded(trace: DecisionTrace, locationIds: readonly string[]): DecisionTrace {
  if (locationIds.length === 0) return trace;
  return { ...trace, inputs: { ...trace.inputs, [EXCLUDED_INPUT]: locationIds.join(' ') } };
}
