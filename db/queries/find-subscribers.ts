import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { isAlive, subscriptionColumns, subscriptionRowSchema, type SubscriptionRow } from './subscription-row.ts';

/** Whoever is to be told of any of these topics. */
export async function findSubscribers(database: Database, topics: readonly string[]): Promise<SubscriptionRow[]> {
  const statement = sql`
    select ${subscriptionColumns} from subscriptions s
    where s.topics && array(select jsonb_array_elements_text(${JSON.stringify(topics)}::jsonb)) and ${isAlive}
    order by s.id`;
  const rows = await readRows(database, statement, z.object({ subscription: subscriptionRowSchema }));
  return rows.map((row) => row.subscription);
}
