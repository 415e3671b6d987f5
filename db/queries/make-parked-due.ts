import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/**
 * A location has a free seat again: of the oldest `limit` leads that wait for room, those that were refused by it are due
 * now. A seat moves no version, so nothing else would tell.
 */
export async function makeParkedDue(
  database: Database,
  { locationId, now, limit }: { locationId: string; now: string; limit: number },
): Promise<void> {
  const refusedBy = JSON.stringify({ candidates: [{ locationId, verdict: 'full' }] });
  await runQuery(
    database.execute(sql`
      update parking_lot set next_try_at = ${now}::timestamptz
      where lead_id in (
        select w.lead_id from (
          select p.lead_id from parking_lot p
          where p.reason in ('all_candidates_full', 'territory_owner_unavailable')
          order by p.lead_at limit ${limit}::int) w
        join leads l on l.id = w.lead_id and l.created_at = uuid_extract_timestamp(w.lead_id)
        where l.decision @> ${refusedBy}::jsonb)`),
  );
}
