import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const waitingSchema = z.object({
  leadId: z.string(),
  move: z.number(),
  locationId: z.string(),
  deliveredAt: z.string().nullable(),
  /** It has, or will have, a delivery. */
  hasSubAccount: z.boolean(),
});
export type WaitingLead = z.output<typeof waitingSchema>;

/** Of these leads those that are with a location and that nobody has touched there. */
export function readWaitingLeads(database: Database, leadIds: readonly string[]): Promise<WaitingLead[]> {
  const statement = sql`
    select l.id as "leadId", coalesce(l.moves, 0) as move, l.location_id as "locationId",
      to_json(l.delivered_at) #>> '{}' as "deliveredAt",
      k.ghl_location_id is not null as "hasSubAccount"
    from (select distinct jsonb_array_elements_text(${JSON.stringify(leadIds)}::jsonb)::uuid as id) w
    join leads l on l.id = w.id and l.created_at = uuid_extract_timestamp(w.id)
    left join location_keys k on k.id = l.location_id
    where l.status = 'assigned' and (l.stage is null or l.stage = 'delivered')`;
  return readRows(database, statement, waitingSchema);
}
