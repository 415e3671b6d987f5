import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Whether there was one. */
export async function deleteSource(database: Database, name: string): Promise<boolean> {
  const statement = sql`delete from sources where name = ${name} returning name`;
  return (await readRows(database, statement, z.object({ name: z.string() }))).length > 0;
}
