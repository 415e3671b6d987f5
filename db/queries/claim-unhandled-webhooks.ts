import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/**
 * Webhooks that were accepted and that nobody has handled, because their message was lost or because it was too early: each is due again
 * after a minute, then two, four… for as long as they are kept.
 */
export async function claimUnhandledWebhooks(
  database: Database,
  { limit, olderThanSeconds }: { readonly limit: number; readonly olderThanSeconds: number },
): Promise<string[]> {
  const statement = sql`
    update webhook_events w set tries = w.tries + 1,
      next_try_at = now() + make_interval(secs => 60 * power(2, least(w.tries, 10)))
    from (
      select id from webhook_events
      where outcome = 'accepted' and handled_at is null and received_at < now() - make_interval(secs => ${olderThanSeconds}::integer)
        and (next_try_at is null or next_try_at <= now())
      order by next_try_at nulls first limit ${limit}::integer for update skip locked
    ) due
    where w.id = due.id
    returning w.id`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).map(({ id }) => id);
}
