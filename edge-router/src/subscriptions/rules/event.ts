import * as z from 'zod';

/** Everything that can be subscribed to. */
export const topics = [
  'lead.assigned',
  'lead.reassigned',
  'lead.parked',
  'lead.delivered',
  'lead.delivery_failed',
  'lead.contacted',
  'lead.won',
  'lead.lost',
  'lead.declined',
  'lead.sla_missed',
  'location.activated',
  'step.failed',
  'batch.finished',
  'drift.found',
] as const;

export type Topic = (typeof topics)[number];

/** News as the outbox tells it: a topic and ids. */
export interface News {
  readonly outboxId: number;
  readonly topic: string;
  readonly at?: string | undefined;
  readonly [id: string]: unknown;
}

/** An event as a target gets it. Ids only: who may see more asks for it with a key. */
export const eventSchema = z.object({
  id: z.string().describe('the same event again has the same id: drop it'),
  topic: z.enum(topics),
  at: z.string().describe('ISO 8601'),
  subscriptionId: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

export type Event = z.output<typeof eventSchema>;

interface Subscriber {
  readonly subscriptionId: string;
  readonly topics: readonly string[];
  /** Each of these must be equal in an event's data. */
  readonly filter: Readonly<Record<string, string>>;
}

/** Whether a subscription asks for this news. */
export function wants({ topics, filter }: Subscriber, news: News): boolean {
  return topics.includes(news.topic) && Object.entries(filter).every(([name, value]) => news[name] === value);
}

/** The event that a subscription gets of some news; its id comes of the outbox' row, so a job that runs twice tells one event. */
export function toEvent(news: News, { subscriptionId }: Pick<Subscriber, 'subscriptionId'>, nowMs: number): Event {
  const { outboxId, topic, at, ...ids } = news;
  const data = Object.entries(ids).flatMap(([name, value]) => (isScalar(value) ? [[name, value] as const] : []));
  return {
    id: `evt-${outboxId}-${subscriptionId}`,
    topic: topic as Topic,
    at: at ?? new Date(nowMs).toISOString(),
    subscriptionId,
    data: Object.fromEntries(data),
  };
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

export function isTopic(text: string): text is Topic {
  return (topics as readonly string[]).includes(text);
}
