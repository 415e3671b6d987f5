import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { subscriptionColumns, subscriptionRowSchema, type SubscriptionRow } from './subscription-row.ts';

export interface NewSubscription {
  readonly id: string;
  readonly targetUrl: string;
  readonly topics: readonly string[];
  readonly filter: Readonly<Record<string, string>>;
  readonly once: boolean;
  /** Null lives until it is deleted. */
  readonly livesSeconds: number | null;
  readonly maxSubscriptions: number;
}

const rowSchema = z.object({ subscription: subscriptionRowSchema, created: z.boolean() });

/**
 * Stores a subscription. A target has one: the same address again keeps its id and takes the topics and filter given now.
 * @returns null where there are as many as there may be
 */
export async function saveSubscription(
  database: Database,
  { id, targetUrl, topics, filter, once, livesSeconds, maxSubscriptions }: NewSubscription,
): Promise<{ subscription: SubscriptionRow; created: boolean } | null> {
  const statement = sql`
    with saved as (
      insert into subscriptions (id, target_url, topics, filter, once, expires_at)
      select ${id}::uuid, ${targetUrl}, array(select jsonb_array_elements_text(${JSON.stringify(topics)}::jsonb)),
        ${JSON.stringify(filter)}::jsonb, ${once}::boolean, now() + make_interval(secs => ${livesSeconds}::int)
      where exists (select from subscriptions where target_url = ${targetUrl})
        or (select count(*) from subscriptions s where s.expires_at is null or s.expires_at > now())
          < ${maxSubscriptions}::int
      on conflict (target_url) do update set topics = excluded.topics, filter = excluded.filter, once = excluded.once,
        expires_at = excluded.expires_at
      returning *)
    select ${subscriptionColumns}, s.id = ${id}::uuid as created from saved s`;
  const [row] = await readRows(database, statement, rowSchema);
  return row ?? null;
}
