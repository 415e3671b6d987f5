import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Deletes up to `limit` subscriptions whose time is over. @returns how many */
export async function purgeSubscriptions(database: Database, { limit }: { limit: number }): Promise<number> {
  const statement = sql`
    delete from subscriptions where id in (
      select id from subscriptions where expires_at <= now() limit ${limit}::int)
    returning id`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).length;
}
