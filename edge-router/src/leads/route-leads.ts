import { assignLeads, MAX_LEADS_PER_CALL } from '../../../db/queries/assign-leads.ts';
import type { ApiError } from '../http/problem.ts';
import type { Result } from '../rules/result.ts';
import type { LeadInput } from './intake.ts';
import {
  decideInHand,
  learnFrom,
  MAX_CALLS,
  settleLead,
  takeLead,
  toAssignRequest,
  type LeadInHand,
  type RequestContext,
  type RoutingDeps,
} from './lead-in-hand.ts';
import type { RoutedLead } from './routed-lead.ts';

/** Directories of single leads are fetched so many at a time, where the whole does not fit into the isolate. */
const DECIDED_AT_ONCE = 20;

export interface LeadOfBatch {
  /** Its place in the batch. */
  readonly index: number;
  readonly input: LeadInput;
}

export interface RoutedOfBatch {
  readonly index: number;
  readonly routed: Result<RoutedLead, ApiError>;
}

export interface RouteLeadsOutcome {
  readonly items: readonly RoutedOfBatch[];
  readonly directoryVersion: number | null;
  readonly postgres: { readonly calls: number; readonly durationMs: number };
}

interface Waiting {
  readonly index: number;
  readonly lead: LeadInHand;
}

/**
 * Decides and assigns 1 to 500 leads, each for itself, in one call to Postgres in the common case. Those whose decision
 * has to be made again go once or twice more, together. Under one Idempotency-Key each place of the batch has its own.
 */
export async function routeLeads(
  deps: RoutingDeps,
  { leads, context }: { leads: readonly LeadOfBatch[]; context: RequestContext },
): Promise<RouteLeadsOutcome> {
  if (leads.length > MAX_LEADS_PER_CALL) throw new Error('more leads than one call takes');
  const directory = await deps.directory.current(context.background);
  let waiting = leads.map(({ index, input }): Waiting => {
    const lead = takeLead(deps, { input, directory, context: keyOfPlace(context, index) });
    return { index, lead };
  });
  const items: RoutedOfBatch[] = [];
  let [calls, durationMs, directoryVersion] = [0, 0, -1];
  while (waiting.length > 0) {
    const isLast = ++calls === MAX_CALLS;
    const decided = await decideAll(deps, waiting, context);
    const requests = decided.map(({ lead, ...made }) => toAssignRequest(lead, made, { isLast }));
    const startedMs = performance.now();
    const answers = await assignLeads(deps.database, requests);
    durationMs += performance.now() - startedMs;
    const again: Waiting[] = [];
    for (const [place, answer] of answers.entries()) {
      const each = decided[place];
      if (!each) throw new Error('assign_leads gave more answers than it was asked for');
      const settled = learnFrom(each.lead, answer);
      if (!settled) {
        if (isLast) throw new Error('assign_leads did not settle its last call');
        again.push({ index: each.index, lead: each.lead });
        continue;
      }
      if (settled.status === 'assigned') deps.capacity.notice(settled.locationId, settled.used);
      if ('directoryVersion' in settled) directoryVersion = Math.max(directoryVersion, settled.directoryVersion);
      items.push({ index: each.index, routed: settleLead(each.lead, each, settled) });
    }
    waiting = again;
  }
  items.sort((a, b) => a.index - b.index);
  return { items, directoryVersion: directoryVersion < 0 ? null : directoryVersion, postgres: { calls, durationMs } };
}

/** Under one Idempotency-Key each place of a batch has its own. */
export function keyOfPlace(context: RequestContext, index: number): RequestContext {
  const { idempotencyKey } = context;
  return idempotencyKey === null
    ? context
    : { ...context, idempotencyKey: { ...idempotencyKey, key: `${idempotencyKey.key}#${index}` } };
}

type DecidedOfBatch = Waiting & Awaited<ReturnType<typeof decideInHand>>;

async function decideAll(
  deps: RoutingDeps,
  waiting: readonly Waiting[],
  { background }: RequestContext,
): Promise<DecidedOfBatch[]> {
  const decided: DecidedOfBatch[] = [];
  for (let start = 0; start < waiting.length; start += DECIDED_AT_ONCE) {
    const some = waiting.slice(start, start + DECIDED_AT_ONCE);
    const made = await Promise.all(
      some.map(async (each) => ({ ...each, ...(await decideInHand(deps, each.lead, background)) })),
    );
    decided.push(...made);
  }
  return decided;
}
