import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface LeadEvent {
  readonly leadId: string;
  readonly kind: string;
  readonly detail: Readonly<Record<string, string | number | null>>;
  /** Names the news: the same again changes nothing. */
  readonly messageId: string;
}

/** Puts an event on a lead's time line, once. */
export async function recordLeadEvent(database: Database, event: LeadEvent): Promise<void> {
  const { leadId, kind, detail, messageId } = event;
  await runQuery(
    database.execute(sql`
      insert into lead_events (lead_id, kind, detail, message_id)
      values (${leadId}::uuid, ${kind}, ${JSON.stringify(detail)}::jsonb, ${messageId})
      on conflict do nothing`),
  );
}
