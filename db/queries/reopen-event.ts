import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Makes an event one that nobody has handled. False where what it said is not kept. */
export async function reopenEvent(database: Database, id: string): Promise<boolean> {
  const statement = sql`
    update webhook_events set outcome = 'accepted', reason = null, handled_as = null, handled_at = null
    where id = ${id} and outcome in ('accepted', 'rejected') and payload is not null
    returning id`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).length > 0;
}
