import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Deletes up to `limit` webhooks and as many counts older than `keptDays`. @returns how many webhooks went */
export async function purgeWebhooks(
  database: Database,
  { keptDays, limit }: { keptDays: number; limit: number },
): Promise<number> {
  const statement = sql`
    with counts as (
      delete from webhook_counts where day < (now() at time zone 'UTC')::date - ${keptDays}::int),
    old as (
      select id from webhook_events where received_at < now() - make_interval(days => ${keptDays}::int)
      order by received_at limit ${limit}::int for update skip locked),
    gone as (delete from webhook_events where id in (select id from old) returning 1)
    select count(*)::int as count from gone`;
  return (await readRows(database, statement, z.object({ count: z.number() })))[0]?.count ?? 0;
}
