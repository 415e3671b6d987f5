import { sql } from 'drizzle-orm';
import * as z from 'zod';

export const subscriptionRowSchema = z.object({
  subscriptionId: z.string(),
  targetUrl: z.string(),
  topics: z.array(z.string()),
  filter: z.record(z.string(), z.string()),
  once: z.boolean(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  /** Events that could not be delivered and wait to be sent again. */
  undelivered: z.number(),
});

export type SubscriptionRow = z.output<typeof subscriptionRowSchema>;

/** The select list that `subscriptionRowSchema` parses, over `subscriptions s`. */
export const subscriptionColumns = sql.raw(`jsonb_build_object(
  'subscriptionId', s.id, 'targetUrl', s.target_url, 'topics', s.topics, 'filter', s.filter, 'once', s.once,
  'createdAt', s.created_at, 'expiresAt', s.expires_at,
  'undelivered', (select count(*) from undelivered_events u where u.subscription_id = s.id)) as subscription`);

/** What is alive now, over `subscriptions s`. */
export const isAlive = sql.raw('(s.expires_at is null or s.expires_at > now())');
