import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const zoneSchema = z.object({
  endsAtMs: z.number(),
  used: z.record(z.string(), z.number()),
});

/** Seats taken today by the locations of one time zone, by location id; today ends there at `endsAtMs`. */
export type UsedInZone = z.output<typeof zoneSchema>;

/**
 * Today's counts of all locations that took a lead today, each by its own day. At most `limit` locations, those with a
 * cap first.
 */
export function readUsedToday(database: Database, { limit }: { limit: number }): Promise<UsedInZone[]> {
  const statement = sql`
    with zones as materialized (
      select timezone, (now() at time zone timezone)::date as day
      from (select distinct timezone from location_keys) known
    ), counted as materialized (
      select z.timezone, k.id, c.used
      from zones z
      join location_keys k on k.timezone = z.timezone
      join location_capacity c on c.location_id = k.id and c.day = z.day
      where c.used > 0
      order by k.daily_cap is null limit ${limit}::int
    )
    select (extract(epoch from (z.day + 1)::timestamp at time zone z.timezone) * 1000)::float8 as "endsAtMs",
      jsonb_object_agg(c.id, c.used) as used
    from counted c join zones z on z.timezone = c.timezone
    group by z.timezone, z.day`;
  return readRows(database, statement, zoneSchema);
}
