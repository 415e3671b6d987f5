import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Deletes at most `limit` Idempotency-Keys, the oldest first, that are past their 24 hours. @returns how many */
export async function purgeIdempotencyKeys(database: Database, { limit }: { limit: number }): Promise<number> {
  const statement = sql`
    with purged as (
      delete from idempotency_keys where (api_key_id, key) in (
        select api_key_id, key from idempotency_keys
        where created_at < now() - interval '24 hours' order by created_at limit ${limit}::int)
      returning 1)
    select count(*)::int as count from purged`;
  const [purged] = await readRows(database, statement, z.object({ count: z.number() }));
  return purged?.count ?? 0;
}
