import {
  createOpportunity,
  searchOpportunities,
  updateOpportunityStatus,
  type Opportunity,
} from '../highlevel/calls/opportunities.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { DeliveryTask, TaskOutcome } from './delivery-task.ts';
import { nameOfOpportunity } from './rules/contact-fields.ts';
import { describeHighlevelError, type DeliveryFailure } from './rules/judge-failure.ts';
import type { SubAccountFacts } from './sub-account-facts.ts';

/** So long a search may not show what was made: before it has passed, an opportunity that was sent is not sent again. */
const SEARCH_LAG_MS = 60_000;

const done: TaskOutcome = ok(undefined);
const overtaken: TaskOutcome = err('overtaken');

/** An open opportunity of the contact in the location's pipeline, found or made. */
export async function ensureOpportunity(task: DeliveryTask, { pipeline }: SubAccountFacts): Promise<TaskOutcome> {
  const contactId = task.contactId();
  if (contactId === null || task.opportunityId() !== null || task.parts().opportunity !== undefined) return done;
  if (pipeline === null) {
    const notes = [...(task.parts().notes ?? []), 'the sub-account has no such pipeline: no opportunity was made'];
    return (await task.save({ parts: { opportunity: 'none', notes } })) ? done : overtaken;
  }
  const wanted = { contactId, pipelineId: pipeline.id };
  const found = await findOne(task, { ...wanted, status: 'open' });
  if (!found.ok) return found;
  if (found.value) return keep(task, found.value, 'found');
  const sentAt = task.parts().opportunitySentAt;
  const waitMs = sentAt === undefined ? 0 : Date.parse(sentAt) + SEARCH_LAG_MS - task.nowMs();
  if (waitMs > 0) return err(notFoundYet(waitMs));
  if (!(await task.save({ parts: { opportunitySentAt: new Date(task.nowMs()).toISOString() } }))) return overtaken;
  const { ghlLocationId, lead } = task.delivery;
  const created = await createOpportunity(task.caller, {
    ghlLocationId,
    contactId,
    pipelineId: pipeline.id,
    ...(pipeline.stageId === null ? {} : { pipelineStageId: pipeline.stageId }),
    name: nameOfOpportunity(lead),
    status: 'open',
  });
  if (created.ok) return keep(task, created.value, 'created');
  const { kind } = created.error;
  if (kind === 'invalid') return reopen(task, wanted, describeHighlevelError(created.error, 'making the opportunity'));
  // Nothing was made: the next try need not wait for a search to show it.
  if (kind === 'rate_limited' || kind === 'not_connected' || kind === 'unauthorized' || kind === 'wrong_token') {
    if (!(await task.save({ parts: { opportunitySentAt: undefined } }))) return overtaken;
  }
  return err(describeHighlevelError(created.error, 'making the opportunity'));
}

async function keep(
  task: DeliveryTask,
  { id }: Opportunity,
  how: 'found' | 'created' | 'reopened',
): Promise<TaskOutcome> {
  return (await task.save({ opportunityId: id, parts: { opportunity: how } })) ? done : overtaken;
}

/** A sub-account may allow one opportunity for a contact and pipeline: the one that was closed is opened again. */
async function reopen(
  task: DeliveryTask,
  wanted: { readonly contactId: string; readonly pipelineId: string },
  refusal: DeliveryFailure,
): Promise<TaskOutcome> {
  const known = await findOne(task, { ...wanted, status: 'all' });
  if (!known.ok) return known;
  if (!known.value) return err(refusal);
  const { ghlLocationId } = task.delivery;
  const request = { ghlLocationId, opportunityId: known.value.id, status: 'open' } as const;
  const opened = await updateOpportunityStatus(task.caller, request);
  if (!opened.ok) return err(describeHighlevelError(opened.error, 'opening the opportunity again'));
  return keep(task, known.value, 'reopened');
}

async function findOne(
  task: DeliveryTask,
  wanted: { readonly contactId: string; readonly pipelineId: string; readonly status: 'open' | 'all' },
): Promise<Result<Opportunity | null, DeliveryFailure>> {
  const { ghlLocationId } = task.delivery;
  const found = await searchOpportunities(task.caller, { ghlLocationId, ...wanted, limit: 1 });
  if (!found.ok) return err(describeHighlevelError(found.error, 'looking for an opportunity'));
  return ok(found.value.opportunities[0] ?? null);
}

function notFoundYet(waitMs: number): DeliveryFailure {
  const detail = 'An opportunity was sent and is not found yet; it is looked for again before another one is made.';
  return { kind: 'opportunity_unclear', detail, traceId: null, retryAfterMs: waitMs };
}
