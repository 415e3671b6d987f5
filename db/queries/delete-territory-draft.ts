import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Deletes a draft with its rows. False when there is no draft of this version. */
export async function deleteTerritoryDraft(database: Database, version: number): Promise<boolean> {
  const statement = sql`
    delete from territory_versions where version = ${version}::int and status = 'draft' returning version`;
  return (await readRows(database, statement, z.object({ version: z.number() }))).length > 0;
}
