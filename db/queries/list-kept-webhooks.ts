import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const LIMIT = 100;

/** Webhooks of the contact or opportunity of a lead that came before the lead's delivery was written down. */
export async function listKeptWebhooks(database: Database, leadId: string): Promise<string[]> {
  const statement = sql`
    select w.id from deliveries d join webhook_events w on w.resource_id in (d.contact_id, d.opportunity_id)
    where d.lead_id = ${leadId}::uuid and w.ghl_location_id = d.ghl_location_id and w.outcome = 'accepted' and w.handled_at is null
    order by w.received_at limit ${LIMIT}::integer`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).map(({ id }) => id);
}
