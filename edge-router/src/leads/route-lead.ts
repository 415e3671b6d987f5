import { assignLead } from '../../../db/queries/assign-lead.ts';
import type { ApiError } from '../http/problem.ts';
import type { LeadId } from '../rules/ids.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { LeadInput } from './intake.ts';
import {
  askFirst,
  decideInHand,
  learnFrom,
  MAX_CALLS,
  settleLead,
  takeLead,
  toAssignRequest,
  type RequestContext,
  type RoutingDeps,
} from './lead-in-hand.ts';
import type { RoutedLead } from './routed-lead.ts';

export interface RouteLeadOutcome {
  readonly lead: RoutedLead;
  /** Postgres' directory version, where its answer carried one. */
  readonly directoryVersion: number | null;
  /** Calls to Postgres, and how long they took together. */
  readonly postgres: { readonly calls: number; readonly durationMs: number };
}

export interface RouteLeadRequest {
  readonly input: LeadInput;
  readonly context: RequestContext;
  /** Minted here where it is left out. */
  readonly leadId?: LeadId;
  /** It was accepted while Postgres was away: it may be there already, and this location is asked first. */
  readonly accepted?: { readonly leadId: LeadId; readonly hintedLocationId: string | null };
}

/**
 * Decides and assigns one lead: one call to Postgres in the common case, three at most.
 * @returns `idempotency_conflict` when another lead came before under the same key; nothing is written then
 */
export async function routeLead(
  deps: RoutingDeps,
  { input, context, leadId, accepted }: RouteLeadRequest,
): Promise<Result<RouteLeadOutcome, ApiError>> {
  const { background } = context;
  const directory = await deps.directory.current(background);
  const knownId = accepted?.leadId ?? leadId;
  const lead = takeLead(deps, { input, directory, context, ...(knownId ? { leadId: knownId } : {}) });
  let durationMs = 0;
  for (let calls = 1; calls <= MAX_CALLS; calls++) {
    const made = await decideInHand(deps, lead, background);
    const decided = accepted?.hintedLocationId ? askFirst(made, accepted.hintedLocationId) : made;
    const startedMs = performance.now();
    const answer = await assignLead(
      deps.database,
      toAssignRequest(lead, decided, { isLast: calls === MAX_CALLS, isRetry: accepted !== undefined }),
    );
    durationMs += performance.now() - startedMs;
    const settled = learnFrom(lead, answer);
    if (!settled) continue;
    if (settled.status === 'assigned') deps.capacity.notice(settled.locationId, settled.used);
    const routed = settleLead(lead, decided, settled);
    if (!routed.ok) return err(routed.error);
    const directoryVersion = 'directoryVersion' in settled ? settled.directoryVersion : null;
    return ok({ lead: routed.value, directoryVersion, postgres: { calls, durationMs } });
  }
  throw new Error('assign_lead did not settle its last call');
}
