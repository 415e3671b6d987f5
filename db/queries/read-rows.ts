import type { SQL } from 'drizzle-orm';
import type * as z from 'zod';
import { runQuery, type Database } from '../database.ts';

/** Runs a statement and parses each of its rows. Throws DatabaseError, or ZodError on rows of another shape (a bug). */
export async function readRows<S extends z.ZodType>(
  database: Database,
  statement: SQL,
  row: S,
): Promise<z.output<S>[]> {
  const { rows } = await runQuery(database.execute(statement));
  return rows.map((found) => row.parse(found));
}
