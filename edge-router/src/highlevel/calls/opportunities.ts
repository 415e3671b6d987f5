// Pipelines and opportunities of one sub-account. https://marketplace.gohighlevel.com/docs/ghl/opportunities/
import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { asLocation } from './credentials.ts';
import { id, listOf, optionalNumber, optionalText, succeededSchema } from './fields.ts';

const pipelineSchema = z.object({
  id,
  name: z.string(),
  stages: listOf(z.object({ id, name: optionalText })),
});
export type Pipeline = z.output<typeof pipelineSchema>;

/** Ids differ by sub-account: go by the names. */
export function listPipelines(
  caller: HighlevelCaller,
  ghlLocationId: string,
): Promise<Result<Pipeline[], HighlevelError>> {
  return caller.send({
    endpoint: 'listPipelines',
    credential: asLocation(ghlLocationId),
    query: { locationId: ghlLocationId },
    answer: z.object({ pipelines: listOf(pipelineSchema) }).transform(({ pipelines }) => pipelines),
  });
}

const opportunitySchema = z.object({
  id,
  name: optionalText,
  status: optionalText,
  pipelineId: optionalText,
  pipelineStageId: optionalText,
  contactId: optionalText,
  assignedTo: optionalText,
  monetaryValue: optionalNumber,
  source: optionalText,
  updatedAt: optionalText,
  lastStatusChangeAt: optionalText,
  lastStageChangeAt: optionalText,
});
export type Opportunity = z.output<typeof opportunitySchema>;

export type OpportunityStatus = 'open' | 'won' | 'lost' | 'abandoned';
type OfOpportunity = { readonly ghlLocationId: string; readonly opportunityId: string };

const opportunityAnswer = z.object({ opportunity: opportunitySchema }).transform(({ opportunity }) => opportunity);

/** Up to 100 a page, newest first; `after` is the `next` of the page before. */
export function searchOpportunities(
  caller: HighlevelCaller,
  search: {
    readonly ghlLocationId: string;
    readonly contactId?: string;
    readonly pipelineId?: string;
    readonly status?: OpportunityStatus | 'all';
    readonly limit?: number;
    readonly after?: { readonly startAfter: number; readonly startAfterId: string };
  },
): Promise<
  Result<{ opportunities: Opportunity[]; next: { startAfter: number; startAfterId: string } | null }, HighlevelError>
> {
  const { ghlLocationId, contactId, pipelineId, status, limit = 20, after } = search;
  return caller.send({
    endpoint: 'searchOpportunities',
    credential: asLocation(ghlLocationId),
    // Snake case here and nowhere else.
    query: {
      location_id: ghlLocationId,
      contact_id: contactId,
      pipeline_id: pipelineId,
      status,
      limit,
      startAfter: after?.startAfter,
      startAfterId: after?.startAfterId,
    },
    answer: z
      .object({
        opportunities: listOf(opportunitySchema),
        meta: z.object({ startAfter: optionalNumber, startAfterId: optionalText }).nullish(),
      })
      .transform(({ opportunities, meta }) => {
        const startAfter = meta?.startAfter ?? null;
        const startAfterId = meta?.startAfterId ?? null;
        return {
          opportunities,
          next: startAfter === null || startAfterId === null ? null : { startAfter, startAfterId },
        };
      }),
  });
}

export function getOpportunity(
  caller: HighlevelCaller,
  { ghlLocationId, opportunityId }: OfOpportunity,
): Promise<Result<Opportunity, HighlevelError>> {
  return caller.send({
    endpoint: 'getOpportunity',
    credential: asLocation(ghlLocationId),
    path: { id: opportunityId },
    answer: opportunityAnswer,
  });
}

/** Not idempotent where the sub-account allows duplicates: search first, and after `unknown_outcome` again. */
export function createOpportunity(
  caller: HighlevelCaller,
  given: {
    readonly ghlLocationId: string;
    readonly contactId: string;
    readonly pipelineId: string;
    readonly pipelineStageId?: string;
    readonly name: string;
    readonly status: OpportunityStatus;
    readonly monetaryValue?: number;
    readonly assignedTo?: string;
  },
): Promise<Result<Opportunity, HighlevelError>> {
  const { ghlLocationId, ...fields } = given;
  return caller.send({
    endpoint: 'createOpportunity',
    credential: asLocation(ghlLocationId),
    body: { locationId: ghlLocationId, ...fields },
    answer: opportunityAnswer,
  });
}

export function updateOpportunity(
  caller: HighlevelCaller,
  given: OfOpportunity & {
    readonly name?: string;
    readonly pipelineId?: string;
    readonly pipelineStageId?: string;
    readonly monetaryValue?: number;
    readonly assignedTo?: string;
  },
): Promise<Result<Opportunity, HighlevelError>> {
  const { ghlLocationId, opportunityId, ...fields } = given;
  return caller.send({
    endpoint: 'updateOpportunity',
    credential: asLocation(ghlLocationId),
    path: { id: opportunityId },
    body: fields,
    answer: opportunityAnswer,
  });
}

export function updateOpportunityStatus(
  caller: HighlevelCaller,
  { ghlLocationId, opportunityId, status }: OfOpportunity & { readonly status: OpportunityStatus },
): Promise<Result<boolean, HighlevelError>> {
  return caller.send({
    endpoint: 'updateOpportunityStatus',
    credential: asLocation(ghlLocationId),
    path: { id: opportunityId },
    body: { status },
    answer: succeededSchema,
  });
}
