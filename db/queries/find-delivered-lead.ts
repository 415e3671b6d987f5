import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const foundSchema = z.object({
  leadId: z.string(),
  locationId: z.string(),
  createdAt: z.string(),
  isKnown: z.boolean(),
});
export type DeliveredLead = z.output<typeof foundSchema>;

export interface HighlevelThing {
  readonly ghlLocationId: string;
  readonly contactId: string | null;
  readonly opportunityId: string | null;
  /** Keyed hashes of the e-mail and phone that HighLevel tells of, in hex. */
  readonly personHashes: readonly string[];
}

/**
 * The last lead that was delivered as this contact or opportunity; else (`isKnown` false) the person's lead that is on its way into this
 * sub-account, whose contact is not known yet.
 */
export async function findDeliveredLead(database: Database, thing: HighlevelThing): Promise<DeliveredLead | null> {
  const { ghlLocationId, contactId, opportunityId, personHashes } = thing;
  const statement = sql`
    (select d.lead_id as "leadId", d.location_id as "locationId", to_json(d.created_at) #>> '{}' as "createdAt",
      true as "isKnown"
    from deliveries d
    where (d.ghl_location_id = ${ghlLocationId} and d.contact_id = ${contactId}::text)
      or (d.opportunity_id = ${opportunityId}::text and d.ghl_location_id = ${ghlLocationId})
    order by d.id desc limit 1)
    union all
    (select d.lead_id, d.location_id, to_json(d.created_at) #>> '{}', false
    from person_keys p join deliveries d on d.lead_id = p.lead_id
    where p.hash in (select decode(jsonb_array_elements_text(${JSON.stringify(personHashes)}::jsonb), 'hex'))
      and d.ghl_location_id = ${ghlLocationId} and d.contact_id is null and d.status = 'pending'
    order by d.id desc limit 1)
    limit 1`;
  const [found] = await readRows(database, statement, foundSchema);
  return found ?? null;
}
