import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const messageSchema = z.object({
  id: z.string(),
  attempts: z.number(),
  events: z.array(
    z.looseObject({
      outboxId: z.number(),
      topic: z.string(),
    }),
  ),
});

/** News of up to `maxEvents` outbox rows; its id stays the same however often it is sent. */
export type OutboxMessage = z.output<typeof messageSchema>;

/**
 * The next message for QStash, held for `leaseSeconds`, and in the same statement the end of the former one, which QStash
 * has (`publishedId`). First comes a message whose lease has run out, then the oldest rows of the outbox, made one message.
 * Concurrent callers never get the same message or row. @returns null where nothing waits
 */
export async function nextOutboxMessage(
  database: Database,
  { publishedId, maxEvents, leaseSeconds }: { publishedId: string | null; maxEvents: number; leaseSeconds: number },
): Promise<OutboxMessage | null> {
  // Materialized: a plan that runs an inner query twice would skip its own locks and take more than it was asked for.
  const statement = sql`
    with published as (
      delete from outbox_messages where id = ${publishedId}::uuid),
    free as materialized (
      select id from outbox_messages
      where claimed_until < now() and id is distinct from ${publishedId}::uuid
      order by id limit 1 for update skip locked),
    again as (
      update outbox_messages set claimed_until = now() + make_interval(secs => ${leaseSeconds}::int),
        attempts = attempts + 1
      where id in (select id from free)
      returning id, attempts, events),
    waiting as materialized (
      select id from outbox
      where not exists (select from free)
      order by id limit ${maxEvents}::int for update skip locked),
    taken as (
      delete from outbox where id in (select id from waiting)
      returning id, topic, payload, created_at),
    made as (
      insert into outbox_messages (events, oldest_at, claimed_until)
      select jsonb_agg(jsonb_build_object('outboxId', id, 'topic', topic, 'at', created_at) || payload order by id), min(created_at),
        now() + make_interval(secs => ${leaseSeconds}::int)
      from taken having count(*) > 0
      returning id, attempts, events)
    select id, attempts, events from again union all select id, attempts, events from made`;
  const [message] = await readRows(database, statement, messageSchema);
  return message ?? null;
}
