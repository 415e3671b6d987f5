import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Sets the cap of today and the days to come; null is no limit. @returns false when there is no such location */
export async function setDailyCap(
  database: Database,
  { locationId, dailyCap }: { locationId: string; dailyCap: number | null },
): Promise<boolean> {
  const statement = sql`
    update locations set daily_cap = ${dailyCap}::int
    where id = ${locationId}::uuid
      and geo_region = (select geo_region from location_keys where id = ${locationId}::uuid)
    returning id`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).length > 0;
}
