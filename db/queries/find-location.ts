import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { locationColumns, locationRowSchema, type LocationRow } from './location-row.ts';
import { readRows } from './read-rows.ts';

/** One location by our id. The keys name its partition before a plan touches any. */
export async function findLocation(database: Database, id: string): Promise<LocationRow | null> {
  const statement = sql`
    select ${locationColumns} from locations l
    where l.id = ${id}::uuid and l.geo_region = (select geo_region from location_keys where id = ${id}::uuid)`;
  const [found] = await readRows(database, statement, z.object({ location: locationRowSchema }));
  return found?.location ?? null;
}
