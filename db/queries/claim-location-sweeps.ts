import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const claimedSchema = z.object({ locationId: z.string(), ghlLocationId: z.string() });

/** Active locations with a sub-account that nobody has looked at for so long, the longest first; from now on somebody has. */
export function claimLocationSweeps(
  database: Database,
  { limit, olderThanHours }: { readonly limit: number; readonly olderThanHours: number },
): Promise<z.output<typeof claimedSchema>[]> {
  const statement = sql`
    with due as (
      select l.id, l.ghl_location_id from locations l left join location_sweeps s on s.location_id = l.id
      where l.active and l.ghl_location_id is not null
        and coalesce(s.swept_at, '-infinity') < now() - make_interval(hours => ${olderThanHours}::integer)
      order by s.swept_at nulls first limit ${limit}::integer
    ), claimed as (
      insert into location_sweeps (location_id, swept_at) select id, now() from due
      on conflict (location_id) do update set swept_at = excluded.swept_at
        where location_sweeps.swept_at < now() - make_interval(hours => ${olderThanHours}::integer)
      returning location_id
    )
    select due.id as "locationId", due.ghl_location_id as "ghlLocationId" from due join claimed c on c.location_id = due.id`;
  return readRows(database, statement, claimedSchema);
}
