import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { runQuery } from '../database.ts';

/** Deletes the counts of days more than `keptDays` ago, at most `limit` rows. @returns how many there were */
export async function purgeCapacity(
  database: Database,
  { keptDays, limit }: { keptDays: number; limit: number },
): Promise<number> {
  const statement = sql`
    with purged as (
      delete from location_capacity
      where ctid = any(array(
        select ctid from location_capacity where day < (now() at time zone 'UTC')::date - ${keptDays}::int limit ${limit}::int
      ))
      returning 1
    )
    select count(*)::int as purged from purged`;
  const { rows } = await runQuery(database.execute(statement));
  return Number(rows[0]?.['purged'] ?? 0);
}
