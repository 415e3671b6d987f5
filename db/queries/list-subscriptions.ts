import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { isAlive, subscriptionColumns, subscriptionRowSchema, type SubscriptionRow } from './subscription-row.ts';

/** Those alive in order of id; `cursor` is the last id of the page before. */
export async function listSubscriptions(
  database: Database,
  { limit, cursor }: { limit: number; cursor: string | null },
): Promise<{ items: SubscriptionRow[]; nextCursor: string | null }> {
  const statement = sql`
    select ${subscriptionColumns} from subscriptions s
    where (${cursor}::uuid is null or s.id > ${cursor}::uuid) and ${isAlive}
    order by s.id limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ subscription: subscriptionRowSchema }));
  const items = rows.slice(0, limit).map((row) => row.subscription);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.subscriptionId ?? null) : null };
}
