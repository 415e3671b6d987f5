import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface HandledWebhook {
  readonly id: string;
  readonly handledAs: string;
  readonly leadId?: string;
}

/** Says once what became of webhooks, and which lead each was about. */
export async function markWebhooksHandled(database: Database, handled: readonly HandledWebhook[]): Promise<void> {
  if (handled.length === 0) return;
  await runQuery(
    database.execute(sql`
      update webhook_events w set handled_as = h."handledAs", handled_at = now(), lead_id = h."leadId"
      from jsonb_to_recordset(${JSON.stringify(handled)}::jsonb) as h(id text, "handledAs" text, "leadId" uuid)
      where w.id = h.id and w.handled_at is null`),
  );
}
