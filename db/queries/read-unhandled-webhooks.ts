import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  payload: z.unknown(),
  /** Of what is not HighLevel's own. */
  source: z.string().nullable(),
});
export type UnhandledWebhook = z.output<typeof eventSchema>;

/** Of these webhooks those that are stored and that nobody has handled yet. */
export function readUnhandledWebhooks(database: Database, ids: readonly string[]): Promise<UnhandledWebhook[]> {
  const statement = sql`
    select id, type, payload, source from webhook_events
    where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))
      and outcome = 'accepted' and handled_at is null
    order by received_at, id`;
  return readRows(database, statement, eventSchema);
}
