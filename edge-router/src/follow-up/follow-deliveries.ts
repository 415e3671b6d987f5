import { listKeptWebhooks } from '../../../db/queries/list-kept-webhooks.ts';
import type { AppDeps } from '../deps.ts';
import type { News } from '../subscriptions/rules/event.ts';

/** What HighLevel told of a contact before its delivery was written down is handled now. */
export async function followDeliveries(
  { database }: Pick<AppDeps, 'database'>,
  news: readonly News[],
  handle: (webhookIds: readonly string[]) => Promise<void>,
): Promise<void> {
  for (const { topic, leadId } of news) {
    if (topic !== 'lead.delivered' || typeof leadId !== 'string') continue;
    const kept = await listKeptWebhooks(database, leadId);
    if (kept.length > 0) await handle(kept);
  }
}
