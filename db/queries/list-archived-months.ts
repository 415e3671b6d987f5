import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** The archive's tables of leads, one for each month. */
export async function listArchivedMonths(database: Database): Promise<string[]> {
  const statement = sql`select table_name as "tableName" from lead_archive order by month, table_name`;
  const rows = await readRows(database, statement, z.object({ tableName: z.string() }));
  return rows.map(({ tableName }) => tableName);
}
