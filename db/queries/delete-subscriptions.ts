import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Ends subscriptions, with what could not be delivered to them. @returns how many there were */
export async function deleteSubscriptions(database: Database, ids: readonly string[]): Promise<number> {
  const statement = sql`
    delete from subscriptions where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::uuid)
    returning id`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).length;
}
