import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export const capacitySchema = z.object({
  locationId: z.string(),
  day: z.string(),
  dailyCap: z.number().nullable(),
  used: z.number(),
});

/** `day` is today in the location's own time zone; `dailyCap` null is no limit. */
export type Capacity = z.output<typeof capacitySchema>;

/** Today's capacity of the locations; those that do not exist are left out. */
export function readCapacity(database: Database, locationIds: readonly string[]): Promise<Capacity[]> {
  const statement = sql`
    select k.id as "locationId", (now() at time zone k.timezone)::date::text as day, k.daily_cap as "dailyCap",
      coalesce(c.used, 0) as used
    from location_keys k
    left join location_capacity c on c.location_id = k.id and c.day = (now() at time zone k.timezone)::date
    where k.id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(locationIds)}::jsonb) as ids (value))`;
  return readRows(database, statement, capacitySchema);
}
