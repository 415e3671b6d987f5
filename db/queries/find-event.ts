import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { eventJson, eventRowSchema, type EventRow } from './event-row.ts';
import { readRows } from './read-rows.ts';

/** Null where there is none. */
export async function findEvent(database: Database, id: string): Promise<EventRow | null> {
  const statement = sql`select ${eventJson} as event from webhook_events w where w.id = ${id}`;
  const [found] = await readRows(database, statement, z.object({ event: eventRowSchema }));
  return found?.event ?? null;
}
