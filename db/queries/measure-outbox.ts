import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const measureSchema = z.object({ unpublished: z.number(), oldestAgeSeconds: z.coerce.number().nullable() });

/** How much news QStash does not have yet (counted up to 10,000 rows and 1000 messages), and how long the oldest has waited. */
export async function measureOutbox(database: Database): Promise<z.output<typeof measureSchema>> {
  const statement = sql`
    select coalesce(sum(news), 0)::int as unpublished,
      round(extract(epoch from now() - min(since))) as "oldestAgeSeconds"
    from (
      (select 1 as news, created_at as since from outbox order by id limit 10000)
      union all
      (select jsonb_array_length(events), oldest_at from outbox_messages order by id limit 1000)) waiting`;
  const [measured] = await readRows(database, statement, measureSchema);
  return measured ?? { unpublished: 0, oldestAgeSeconds: null };
}
