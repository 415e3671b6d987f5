import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const nameSchema = z.object({ id: z.string(), name: z.string(), franchiseCode: z.string() });

export type LocationName = z.output<typeof nameSchema>;

/** What these locations are called. */
export function readLocationNames(database: Database, ids: readonly string[]): Promise<LocationName[]> {
  const statement = sql`
    select l.id, l.name, l.franchise_code as "franchiseCode"
    from location_keys k join locations l on l.id = k.id and l.geo_region = k.geo_region
    where k.id = any (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::uuid)`;
  return readRows(database, statement, nameSchema);
}
