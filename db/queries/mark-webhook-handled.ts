import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export async function markWebhookHandled(
  database: Database,
  { id, handledAs }: { id: string; handledAs: string },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      update webhook_events set handled_as = ${handledAs}, handled_at = now() where id = ${id} and handled_at is null`),
  );
}
