import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const openSchema = z.object({
  leadId: z.string(),
  opportunityId: z.string(),
  deliveredAt: z.string(),
});
export type OpenDelivery = z.output<typeof openSchema>;

/** Leads that a location has had in its sub-account for at most so many days, and that are neither won nor lost yet; the last first. */
export function listOpenDeliveries(
  database: Database,
  { locationId, days, limit }: { readonly locationId: string; readonly days: number; readonly limit: number },
): Promise<OpenDelivery[]> {
  const statement = sql`
    select d.lead_id as "leadId", d.opportunity_id as "opportunityId", to_json(d.delivered_at) #>> '{}' as "deliveredAt"
    from deliveries d
    join leads l on l.id = d.lead_id and l.created_at = uuid_extract_timestamp(d.lead_id)
    where d.location_id = ${locationId}::uuid and d.status = 'delivered' and d.opportunity_id is not null
      and d.delivered_at > now() - make_interval(days => ${days}::integer)
      and l.location_id = d.location_id and coalesce(l.stage, 'delivered') in ('delivered', 'contacted')
    order by d.id desc limit ${limit}::integer`;
  return readRows(database, statement, openSchema);
}
