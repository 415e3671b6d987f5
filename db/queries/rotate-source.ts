import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { sourceColumns, sourceRowSchema, type SourceRow } from './source-row.ts';

/** Gives a source its next secret; null where there is no such source. */
export async function rotateSource(database: Database, name: string): Promise<SourceRow | null> {
  const statement = sql`
    update sources set secret_version = secret_version + 1 where name = ${name} returning ${sourceColumns}`;
  const [rotated] = await readRows(database, statement, sourceRowSchema);
  return rotated ?? null;
}
