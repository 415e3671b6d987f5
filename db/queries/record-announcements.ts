import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface Announcement {
  readonly outboxId: number;
  readonly topic: string;
  readonly leadId: string;
}

/** Puts onto the leads' time lines that their news has left, in one statement, each once however often it is said. */
export async function recordAnnouncements(
  database: Database,
  { announcements, messageId }: { announcements: readonly Announcement[]; messageId: string },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      insert into lead_events (lead_id, kind, detail, message_id)
      select a."leadId", 'announced',
        jsonb_build_object('topic', a.topic, 'outboxId', a."outboxId", 'messageId', ${messageId}::text),
        'outbox-' || a."outboxId"
      from jsonb_to_recordset(${JSON.stringify(announcements)}::jsonb)
        as a ("outboxId" bigint, topic text, "leadId" uuid)
      order by a."leadId"
      on conflict do nothing`),
  );
}
