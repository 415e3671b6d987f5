import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { isAlive, subscriptionColumns, subscriptionRowSchema, type SubscriptionRow } from './subscription-row.ts';

/** The subscription of this id; null where there is none, or none any more. */
export async function findSubscription(database: Database, id: string): Promise<SubscriptionRow | null> {
  const statement = sql`select ${subscriptionColumns} from subscriptions s where s.id = ${id}::uuid and ${isAlive}`;
  const [row] = await readRows(database, statement, z.object({ subscription: subscriptionRowSchema }));
  return row?.subscription ?? null;
}
