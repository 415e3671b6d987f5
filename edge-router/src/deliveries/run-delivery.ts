import * as z from 'zod';
import { beginDelivery } from '../../../db/queries/begin-delivery.ts';
import type { BegunDelivery } from '../../../db/queries/delivery-row.ts';
import { failDelivery } from '../../../db/queries/fail-delivery.ts';
import { finishDelivery } from '../../../db/queries/finish-delivery.ts';
import { saveDeliveryParts } from '../../../db/queries/save-delivery-parts.ts';
import type { AppDeps } from '../deps.ts';
import type { Highlevel } from '../highlevel/highlevel.ts';
import type { LeadSettings } from '../rules/lead-settings.ts';
import { findLeadSettings } from '../settings/find-lead-settings.ts';
import { deliverLead } from './deliver-lead.ts';
import { DELIVERY_LEASE_SECONDS, sendDeliveryMessages } from './delivery-messages.ts';
import type { DeliveryTask } from './delivery-task.ts';
import { judgeFailure, type DeliveryFailure } from './rules/judge-failure.ts';
import type { SubAccountFactsCache } from './sub-account-facts.ts';
import { withdrawLead } from './withdraw-lead.ts';

export type DeliveryDeps = Pick<AppDeps, 'config' | 'database' | 'qstash' | 'nowMs' | 'log'> & {
  readonly highlevel: Highlevel | null;
  readonly facts: SubAccountFactsCache;
};

const messageSchema = z.object({ deliveryId: z.uuid(), turn: z.int() });

/**
 * The job `deliver-lead`: goes on with a delivery where it stopped, one worker at a time. A failed try is asked for again by a message
 * of its own; after the last one the delivery is `failed` until somebody redrives it.
 */
export async function runDelivery(deps: DeliveryDeps, body: unknown): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  const { highlevel } = deps;
  if (!message.success || !highlevel) return 'refused';
  const { deliveryId: id, turn } = message.data;
  const begun = await beginDelivery(deps.database, { id, turn, leaseSeconds: DELIVERY_LEASE_SECONDS });
  if (begun.status === 'over') return 'done';
  // QStash brings the message again; whoever holds the lease has ended by then, or died.
  if (begun.status === 'busy') throw new Error('Another worker has this delivery.');
  const { settings } = await findLeadSettings(deps);
  const task = createTask({ ...deps, highlevel }, begun.delivery, settings);
  const outcome = await perform(task);
  if (outcome === 'overtaken') return 'done';
  if (outcome === null) {
    const detail = {
      contactId: task.contactId(),
      opportunityId: task.opportunityId(),
      notes: task.parts().notes ?? [],
    };
    await finishDelivery(deps.database, { id, turn, detail });
    return 'done';
  }
  await endTry(deps, begun.delivery, outcome);
  return 'done';
}

/** Null for the end; thrown is what is no failure of HighLevel's: QStash brings the message again after the lease. */
async function perform(task: DeliveryTask): Promise<DeliveryFailure | 'overtaken' | null> {
  const outcome = task.delivery.task === 'deliver' ? await deliverLead(task) : await withdrawLead(task);
  return outcome.ok ? null : outcome.error;
}

function createTask(
  deps: DeliveryDeps & { readonly highlevel: Highlevel },
  delivery: BegunDelivery,
  settings: LeadSettings,
): DeliveryTask {
  let { parts, contactId, opportunityId } = delivery;
  return {
    delivery,
    settings: settings.delivery,
    caller: deps.highlevel.callerFor({ share: 'interactive', row: delivery.leadId }),
    facts: deps.facts,
    nowMs: deps.nowMs,
    parts: () => parts,
    contactId: () => contactId,
    opportunityId: () => opportunityId,
    save: async (changes) => {
      parts = { ...parts, ...changes.parts };
      if (changes.contactId !== undefined) ({ contactId } = changes);
      if (changes.opportunityId !== undefined) ({ opportunityId } = changes);
      const { id, turn } = delivery;
      const progress = { id, turn, parts, contactId, opportunityId, leaseSeconds: DELIVERY_LEASE_SECONDS };
      return saveDeliveryParts(deps.database, progress);
    },
  };
}

async function endTry(deps: DeliveryDeps, delivery: BegunDelivery, failure: DeliveryFailure): Promise<void> {
  const { id, turn, ghlLocationId, attempt, firstFailedAt } = delivery;
  const firstFailedAtMs = firstFailedAt === null ? null : Date.parse(firstFailedAt);
  const { afterSeconds, counts } = judgeFailure(failure, { attempt, firstFailedAtMs, nowMs: deps.nowMs() });
  const { kind, detail, traceId } = failure;
  deps.log({
    event: 'delivery_try_failed',
    deliveryId: id,
    leadId: delivery.leadId,
    attempt,
    kind,
    traceId,
    afterSeconds,
  });
  if (kind === 'not_found' || kind === 'invalid') deps.facts.forget(ghlLocationId);
  const nextTurn = await failDelivery(deps.database, {
    id,
    turn,
    error: { kind, detail, traceId },
    afterSeconds,
    counts,
  });
  if (nextTurn === null || afterSeconds === null) return;
  await sendDeliveryMessages(deps, [{ id, turn: nextTurn, ghlLocationId, delaySeconds: afterSeconds }]);
}
