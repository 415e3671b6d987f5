import { findSubscription } from '../../../db/queries/find-subscription.ts';
import { forgetUndeliveredEvents } from '../../../db/queries/forget-undelivered-events.ts';
import { listUndeliveredEvents } from '../../../db/queries/list-undelivered-events.ts';
import type { AppDeps } from '../deps.ts';
import { eventSchema } from './rules/event.ts';
import { sendEvents } from './send-events.ts';

const EVENTS_PER_CALL = 500;

type RedeliverDeps = Pick<AppDeps, 'config' | 'database' | 'qstash' | 'nowMs' | 'newId'>;

/** Sends what a target did not take again, signed anew, the oldest 500 first. @returns null for a subscription that is not there */
export async function redeliver(
  deps: RedeliverDeps,
  subscriptionId: string,
): Promise<{ redelivered: number; left: number } | null> {
  const subscription = await findSubscription(deps.database, subscriptionId);
  if (!subscription) return null;
  const listed = await listUndeliveredEvents(deps.database, { subscriptionId, limit: EVENTS_PER_CALL });
  const events = listed.map((event) => eventSchema.parse(event));
  const { targetUrl, undelivered } = subscription;
  // QStash may still know the first try's deduplication id: this one is another message.
  const deliveries = events.map((event) => ({ targetUrl, event, deduplicationId: `${event.id}-${deps.newId()}` }));
  await sendEvents(deps, deliveries);
  await forgetUndeliveredEvents(deps.database, { subscriptionId, eventIds: events.map(({ id }) => id) });
  return { redelivered: events.length, left: Math.max(0, undelivered - events.length) };
}
