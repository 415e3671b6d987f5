import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { eventJson, eventRowSchema, type EventRow } from './event-row.ts';
import { readRows } from './read-rows.ts';

export interface EventListRequest {
  readonly limit: number;
  /** The last event of the page before. */
  readonly cursor: { readonly receivedAt: string; readonly id: string } | null;
  readonly outcome: EventRow['outcome'] | null;
  /** Those that somebody has still to handle. */
  readonly isOpen: boolean | null;
  readonly type: string | null;
  readonly source: string | null;
  readonly leadId: string | null;
}

/** A page of events, the newest first. */
export async function listEvents(
  database: Database,
  { limit, cursor, outcome, isOpen, type, source, leadId }: EventListRequest,
): Promise<{ readonly items: readonly EventRow[]; readonly next: EventListRequest['cursor'] }> {
  const conditions = [
    sql`true`,
    ...(cursor ? [sql`(w.received_at, w.id) < (${cursor.receivedAt}::timestamptz, ${cursor.id}::text)`] : []),
    ...(outcome === null ? [] : [sql`w.outcome = ${outcome}::text`]),
    ...(isOpen === null
      ? []
      : [
          isOpen
            ? sql`w.outcome = 'accepted' and w.handled_at is null`
            : sql`(w.outcome <> 'accepted' or w.handled_at is not null)`,
        ]),
    ...(type === null ? [] : [sql`w.type = ${type}::text`]),
    ...(source === null ? [] : [sql`w.source = ${source}::text`]),
    ...(leadId === null ? [] : [sql`w.lead_id = ${leadId}::uuid`]),
  ];
  const statement = sql`
    select ${eventJson} as event from webhook_events w where ${sql.join(conditions, sql` and `)}
    order by w.received_at desc, w.id desc limit ${limit + 1}::integer`;
  const rows = await readRows(database, statement, z.object({ event: eventRowSchema }));
  const items = rows.slice(0, limit).map(({ event }) => event);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? { receivedAt: last.receivedAt, id: last.id } : null };
}
