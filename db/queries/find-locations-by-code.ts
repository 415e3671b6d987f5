import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const foundSchema = z.object({ code: z.string(), id: z.string(), active: z.boolean() });
export type LocationByCode = z.output<typeof foundSchema>;

/** The locations of franchise codes, in any case; `code` is in lower case. Codes that nobody has are left out. */
export function findLocationsByCode(database: Database, codes: readonly string[]): Promise<LocationByCode[]> {
  const statement = sql`
    select lower(franchise_code) as code, id, active from location_keys
    where lower(franchise_code) in (select lower(jsonb_array_elements_text(${JSON.stringify(codes)}::jsonb)))`;
  return readRows(database, statement, foundSchema);
}
