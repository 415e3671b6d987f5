import * as z from 'zod';
import { checkSource, type ApiKey } from '../http/api-key.ts';
import { describeProblem, problemKinds, type ApiError, type Problem } from '../http/problem.ts';
import { readLead } from './read-lead.ts';
import type { AcceptedLead } from './accept-lead.ts';
import type { AcceptedOfBatch } from './accept-leads.ts';
import type { RoutedLead } from './routed-lead.ts';
import type { LeadOfBatch, RoutedOfBatch } from './route-leads.ts';

const MAX_LEADS = 500;

/** 500 leads as they usually are come to a tenth of it; a few may be at all their limits. */
export const BATCH_BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** The body of `POST /v1/leads/batch`: `{ leads: [...] }`, or the list alone. Each lead is checked for itself. */
export const batchInputSchema = z.preprocess(
  (body) => (Array.isArray(body) ? { leads: body } : body),
  z.strictObject({ leads: z.array(z.unknown()).min(1).max(MAX_LEADS) }),
);

/** What became of one lead of a batch: `status` is what the lead alone would have been answered with. */
export type BatchItem =
  | { readonly index: number; readonly status: 200 | 201; readonly lead: RoutedLead }
  | { readonly index: number; readonly status: 202; readonly lead: AcceptedLead }
  | { readonly index: number; readonly status: number; readonly problem: Problem };

export interface BatchAnswer {
  readonly counts: Readonly<Record<'assigned' | 'parked' | 'duplicate' | 'replayed' | 'accepted' | 'refused', number>>;
  /** In the order of the batch. */
  readonly items: readonly BatchItem[];
}

/** Those that are leads, and those that are not, with every bad field of each. */
export function readBatch(
  leads: readonly unknown[],
  apiKey: Pick<ApiKey, 'sources'>,
): {
  readonly good: readonly LeadOfBatch[];
  readonly bad: readonly { readonly index: number; readonly error: ApiError }[];
} {
  const good: LeadOfBatch[] = [];
  const bad: { index: number; error: ApiError }[] = [];
  for (const [index, lead] of leads.entries()) {
    const input = readLead(lead);
    const error = input.ok ? checkSource(apiKey, input.value.source) : input.error;
    if (error) bad.push({ index, error });
    else if (input.ok) good.push({ index, input: input.value });
  }
  return { good, bad };
}

export function describeBatch(
  { routed, bad }: { routed: readonly (RoutedOfBatch | AcceptedOfBatch)[]; bad: ReturnType<typeof readBatch>['bad'] },
  requestId: string,
): BatchAnswer {
  const counts = { assigned: 0, parked: 0, duplicate: 0, replayed: 0, accepted: 0, refused: 0 };
  const refuse = (index: number, error: ApiError): BatchItem => {
    counts.refused++;
    return { index, status: problemKinds[error.kind].status, problem: describeProblem(error, requestId) };
  };
  const items = routed.map(({ index, routed: outcome }): BatchItem => {
    if (!outcome.ok) return refuse(index, outcome.error);
    const lead = outcome.value;
    if (lead.status === 'accepted') {
      counts.accepted++;
      return { index, status: 202, lead };
    }
    counts[lead.replayed ? 'replayed' : lead.status]++;
    return { index, status: lead.replayed ? 200 : 201, lead };
  });
  for (const { index, error } of bad) items.push(refuse(index, error));
  return { counts, items: items.sort((a, b) => a.index - b.index) };
}
