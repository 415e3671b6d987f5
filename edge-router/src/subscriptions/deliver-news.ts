import { deleteSubscriptions } from '../../../db/queries/delete-subscriptions.ts';
import { findSubscribers } from '../../../db/queries/find-subscribers.ts';
import type { AppDeps } from '../deps.ts';
import { isTopic, toEvent, wants, type News } from './rules/event.ts';
import { sendEvents } from './send-events.ts';

export type DeliverDeps = Pick<AppDeps, 'config' | 'database' | 'qstash' | 'nowMs'>;

/** Tells every subscription of the news it asks for. Safe to run twice: an event keeps its id, by which QStash and targets drop it. */
export async function deliverNews(deps: DeliverDeps, news: readonly News[]): Promise<void> {
  const topics = [...new Set(news.map(({ topic }) => topic))].filter(isTopic);
  if (topics.length === 0) return;
  const subscribers = await findSubscribers(deps.database, topics);
  const nowMs = deps.nowMs();
  const deliveries = subscribers.flatMap((subscriber) => {
    const wanted = news.filter((one) => wants(subscriber, one));
    return (subscriber.once ? wanted.slice(0, 1) : wanted).map((one) => {
      const event = toEvent(one, subscriber, nowMs);
      return { targetUrl: subscriber.targetUrl, event, deduplicationId: event.id };
    });
  });
  if (deliveries.length === 0) return;
  await sendEvents(deps, deliveries);
  const told = new Set(deliveries.map(({ event }) => event.subscriptionId));
  const over = subscribers.filter(({ once, subscriptionId }) => once && told.has(subscriptionId));
  if (over.length > 0)
    await deleteSubscriptions(
      deps.database,
      over.map(({ subscriptionId }) => subscriptionId),
    );
}
