import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Once they have been handed to QStash again. */
export async function forgetUndeliveredEvents(
  database: Database,
  { subscriptionId, eventIds }: { subscriptionId: string; eventIds: readonly string[] },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      delete from undelivered_events where subscription_id = ${subscriptionId}::uuid
        and event_id in (select jsonb_array_elements_text(${JSON.stringify(eventIds)}::jsonb))`),
  );
}
