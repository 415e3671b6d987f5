import { readEnd } from './lead-event.ts';

/** What a search tells of an opportunity. */
export interface SweptOpportunity {
  readonly status: string | null;
  readonly lastStatusChangeAt: string | null;
  readonly lastStageChangeAt: string | null;
  readonly updatedAt: string | null;
}

/**
 * How the lead goes on whose opportunity this is, and since when (ISO 8601); null where it does not. An open one was touched when it was put into
 * another stage after the delivery.
 */
export function readSweptStage(
  { status, lastStatusChangeAt, lastStageChangeAt, updatedAt }: SweptOpportunity,
  { deliveredAt }: { readonly deliveredAt: string },
): { readonly stage: 'contacted' | 'won' | 'lost'; readonly happenedAt: string } | null {
  const end = readEnd(status);
  if (end !== null) return { stage: end, happenedAt: lastStatusChangeAt ?? updatedAt ?? deliveredAt };
  if (lastStageChangeAt === null || !(Date.parse(lastStageChangeAt) > Date.parse(deliveredAt))) return null;
  return { stage: 'contacted', happenedAt: lastStageChangeAt };
}
