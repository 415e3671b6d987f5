import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Publishes the rows of a published version under the next one. @returns its number; null when there is no such version */
export async function restoreTerritories(
  database: Database,
  { version, effectiveAt }: { version: number; effectiveAt: string },
): Promise<number | null> {
  const statement = sql`select restore_territories(${version}::int, ${effectiveAt}::timestamptz) as version`;
  const [row] = await readRows(database, statement, z.object({ version: z.number().nullable() }));
  return row?.version ?? null;
}
