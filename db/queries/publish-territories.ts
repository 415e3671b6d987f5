import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { territoryVersionColumns, territoryVersionSchema, type TerritoryVersionRow } from './territory-version-row.ts';

/** Publishes a draft, in effect from `effectiveAt` (ISO 8601). Null when there is no draft of this version. */
export async function publishTerritories(
  database: Database,
  { version, effectiveAt }: { version: number; effectiveAt: string },
): Promise<TerritoryVersionRow | null> {
  const statement = sql`
    with held as (select 1 from directory_state for update)
    update territory_versions set status = 'published', effective_at = ${effectiveAt}::timestamptz, published_at = now()
    where exists (select from held) and version = ${version}::int and status = 'draft'
    returning ${territoryVersionColumns}`;
  const [row] = await readRows(database, statement, z.object({ found: territoryVersionSchema }));
  return row?.found ?? null;
}
