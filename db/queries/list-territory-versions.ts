import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { territoryVersionColumns, territoryVersionSchema, type TerritoryVersionRow } from './territory-version-row.ts';

export interface TerritoryVersionsPage {
  readonly items: readonly Omit<TerritoryVersionRow, 'report'>[];
  readonly nextCursor: number | null;
}

/** Versions of the territories, newest first and without their reports; `cursor` is the last of the page before. */
export async function listTerritoryVersions(
  database: Database,
  { limit, cursor }: { limit: number; cursor: number | null },
): Promise<TerritoryVersionsPage> {
  const statement = sql`
    select ${territoryVersionColumns} from territory_versions
    where ${cursor}::int is null or version < ${cursor}::int
    order by version desc limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ found: territoryVersionSchema.omit({ report: true }) }));
  const items = rows.slice(0, limit).map((row) => row.found);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.version ?? null) : null };
}
