import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Deletes at most `limit` plans that are past their time, with their rows. @returns how many */
export async function purgePlans(database: Database, { limit }: { limit: number }): Promise<number> {
  const statement = sql`
    with purged as (
      delete from onboarding_plans where id in (
        select id from onboarding_plans where expires_at < now() order by expires_at limit ${limit}::int)
      returning 1)
    select count(*)::int as count from purged`;
  const [purged] = await readRows(database, statement, z.object({ count: z.number() }));
  return purged?.count ?? 0;
}
