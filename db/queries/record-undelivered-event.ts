import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface UndeliveredEvent {
  readonly subscriptionId: string;
  readonly eventId: string;
  readonly topic: string;
  readonly event: object;
  /** What the target last answered; 0 where it did not. */
  readonly lastStatus: number;
}

/** Keeps an event that was given up, once; nothing where its subscription is gone. */
export async function recordUndeliveredEvent(database: Database, undelivered: UndeliveredEvent): Promise<void> {
  const { subscriptionId, eventId, topic, event, lastStatus } = undelivered;
  await runQuery(
    database.execute(sql`
      insert into undelivered_events (subscription_id, event_id, topic, event, last_status)
      select id, ${eventId}, ${topic}, ${JSON.stringify(event)}::jsonb, ${lastStatus}::int
      from subscriptions where id = ${subscriptionId}::uuid
      on conflict (subscription_id, event_id) do update set last_status = excluded.last_status, failed_at = now()`),
  );
}
