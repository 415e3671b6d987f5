import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { locationColumns, locationRowSchema, type LocationRow } from './location-row.ts';
import { readRows } from './read-rows.ts';

/** One location by its franchise code, in any case. */
export async function findLocationByCode(database: Database, franchiseCode: string): Promise<LocationRow | null> {
  const statement = sql`
    select ${locationColumns} from locations l
    where (l.id, l.geo_region) = (
      select k.id, k.geo_region from location_keys k where lower(k.franchise_code) = lower(${franchiseCode}::text))`;
  const [found] = await readRows(database, statement, z.object({ location: locationRowSchema }));
  return found?.location ?? null;
}
