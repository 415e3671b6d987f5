import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const lagSchema = z.object({ seconds: z.coerce.number().nullable() });

/**
 * How far a standby is behind, in seconds at most: nothing while it is connected and has replayed all it got, else the age of the last
 * change that it has. Null where it is no standby, or has replayed nothing yet.
 */
export async function measureReplicaLag(database: Database): Promise<number | null> {
  const statement = sql`
    select case when not pg_is_in_recovery() then null
      when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver) then 0
      else greatest(0, round(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 1)) end as seconds`;
  return (await readRows(database, statement, lagSchema))[0]?.seconds ?? null;
}
