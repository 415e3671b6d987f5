import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const countSchema = z.object({
  outcome: z.string(),
  reason: z.string(),
  count: z.coerce.number(),
  lastAt: z.string().transform((text) => new Date(text).toISOString()),
});

/** How today's (UTC) webhooks ended. */
export function readWebhookCounts(database: Database): Promise<z.output<typeof countSchema>[]> {
  const statement = sql`
    select outcome, reason, count, last_at as "lastAt" from webhook_counts
    where day = (now() at time zone 'UTC')::date order by outcome, reason`;
  return readRows(database, statement, countSchema);
}
