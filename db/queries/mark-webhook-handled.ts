import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Says once what became of a webhook, and which lead it was about. */
export async function markWebhookHandled(
  database: Database,
  { id, handledAs, leadId = null }: { id: string; handledAs: string; leadId?: string | null },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      update webhook_events set handled_as = ${handledAs}, handled_at = now(), lead_id = ${leadId}::uuid
      where id = ${id} and handled_at is null`),
  );
}
