import type { ApiError } from '../http/problem.ts';
import { asLeadId } from '../rules/ids.ts';
import type { Result } from '../rules/result.ts';
import { acceptLead, type AcceptDeps, type AcceptedLead } from './accept-lead.ts';
import type { RequestContext } from './lead-in-hand.ts';
import { keyOfPlace, type LeadOfBatch } from './route-leads.ts';

/** At once at QStash. */
const ACCEPTED_AT_ONCE = 20;

export interface AcceptedOfBatch {
  readonly index: number;
  readonly routed: Result<AcceptedLead, ApiError>;
}

/** Keeps the leads of a batch at QStash while Postgres is away, each for itself. */
export async function acceptLeads(
  deps: AcceptDeps,
  { leads, context }: { leads: readonly LeadOfBatch[]; context: RequestContext },
): Promise<AcceptedOfBatch[]> {
  const accepted: AcceptedOfBatch[] = [];
  for (let start = 0; start < leads.length; start += ACCEPTED_AT_ONCE) {
    const some = leads.slice(start, start + ACCEPTED_AT_ONCE).map(async ({ index, input }) => {
      const request = { leadId: asLeadId(deps.newId()), input, context: keyOfPlace(context, index) };
      return { index, routed: await acceptLead(deps, request) };
    });
    accepted.push(...(await Promise.all(some)));
  }
  return accepted;
}
