import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { territoryVersionColumns, territoryVersionSchema, type TerritoryVersionRow } from './territory-version-row.ts';

/** One version of the territories. */
export async function findTerritoryVersion(database: Database, version: number): Promise<TerritoryVersionRow | null> {
  const statement = sql`select ${territoryVersionColumns} from territory_versions where version = ${version}::int`;
  const [row] = await readRows(database, statement, z.object({ found: territoryVersionSchema }));
  return row?.found ?? null;
}
