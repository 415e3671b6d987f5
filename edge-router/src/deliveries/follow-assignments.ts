import { openDeliveries } from '../../../db/queries/open-deliveries.ts';
import type { AppDeps } from '../deps.ts';
import { findLeadSettings } from '../settings/find-lead-settings.ts';
import type { News } from '../subscriptions/rules/event.ts';
import { sendDeliveryMessages } from './delivery-messages.ts';

const followed = new Set(['lead.assigned', 'lead.reassigned', 'lead.parked']);

/**
 * Sends leads that were assigned on to their sub-accounts, and ends what was begun at those that lost them. It goes by where the leads
 * are now, so it may be called again and late.
 */
export async function followAssignments(
  deps: Pick<AppDeps, 'config' | 'database' | 'qstash' | 'log'>,
  news: readonly News[],
): Promise<void> {
  if (!deps.config.highlevel) return;
  const leadIds = news.flatMap(({ topic, leadId }) =>
    followed.has(topic) && typeof leadId === 'string' ? [leadId] : [],
  );
  if (leadIds.length === 0) return;
  const { settings } = await findLeadSettings(deps);
  if (!settings.delivery.enabled) return;
  await sendDeliveryMessages(deps, await openDeliveries(deps.database, leadIds));
}
