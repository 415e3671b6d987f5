import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { sourceColumns, sourceRowSchema, type SourceRow } from './source-row.ts';

/** All of them; there are at most a few hundred. */
export function readSources(database: Database): Promise<SourceRow[]> {
  return readRows(database, sql`select ${sourceColumns} from sources order by name`, sourceRowSchema);
}
