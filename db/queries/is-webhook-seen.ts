import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Whether HighLevel told us by webhook of this event of a contact. */
export async function isWebhookSeen(
  database: Database,
  { type, contactId }: { readonly type: string; readonly contactId: string },
): Promise<boolean> {
  const statement = sql`
    select exists (
      select from webhook_events
      where resource_id = ${contactId}::text and type = ${type}::text and outcome = 'accepted') as seen`;
  const [found] = await readRows(database, statement, z.object({ seen: z.boolean() }));
  return found?.seen ?? false;
}
