import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** The oldest events that a subscription's target did not take. They stay until `forgetUndeliveredEvents`. */
export async function listUndeliveredEvents(
  database: Database,
  { subscriptionId, limit }: { subscriptionId: string; limit: number },
): Promise<unknown[]> {
  const statement = sql`
    select event from undelivered_events where subscription_id = ${subscriptionId}::uuid
    order by failed_at, event_id limit ${limit}::int`;
  const rows = await readRows(database, statement, z.object({ event: z.unknown() }));
  return rows.map((row) => row.event);
}
