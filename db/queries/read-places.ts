import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const placeSchema = z.object({
  franchiseCode: z.string(),
  name: z.string(),
  address: z.string().nullable(),
  postalCode: z.string().nullable(),
});

/** Name and address of at most `limit` locations in these postal codes. Reads all locations once: for plans, not for leads. */
export function readPlaces(
  database: Database,
  { postalCodes, limit }: { postalCodes: readonly string[]; limit: number },
): Promise<z.output<typeof placeSchema>[]> {
  const statement = sql`
    select franchise_code as "franchiseCode", name, address, postal_code as "postalCode" from locations
    where postal_code in (select jsonb_array_elements_text(${JSON.stringify(postalCodes)}::jsonb))
    order by id limit ${limit}::int`;
  return readRows(database, statement, placeSchema);
}
