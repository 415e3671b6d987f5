import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const foundSchema = z.object({
  at: z.number(),
  leadId: z.string(),
  locationId: z.string(),
  createdAt: z.string(),
  isKnown: z.boolean(),
});
export type DeliveredLead = Omit<z.output<typeof foundSchema>, 'at'>;

export interface HighlevelThing {
  readonly ghlLocationId: string;
  readonly contactId: string | null;
  readonly opportunityId: string | null;
  /** Keyed hashes of the e-mail and phone that HighLevel tells of, in hex. */
  readonly personHashes: readonly string[];
}

/**
 * For each of these, in their order: the last lead that was delivered as this contact or opportunity; else (`isKnown` false) the person's lead
 * that is on its way into this sub-account, whose contact is not known yet; else null.
 */
export async function findDeliveredLeads(
  database: Database,
  things: readonly HighlevelThing[],
): Promise<(DeliveredLead | null)[]> {
  if (things.length === 0) return [];
  const asked = JSON.stringify(things.map((thing, at) => ({ ...thing, at })));
  const statement = sql`
    select t.at, found.* from jsonb_to_recordset(${asked}::jsonb)
      as t(at integer, "ghlLocationId" text, "contactId" text, "opportunityId" text, "personHashes" jsonb)
    cross join lateral (
      (select d.lead_id as "leadId", d.location_id as "locationId", to_json(d.created_at) #>> '{}' as "createdAt",
        true as "isKnown"
      from deliveries d
      where (d.ghl_location_id = t."ghlLocationId" and d.contact_id = t."contactId")
        or (d.opportunity_id = t."opportunityId" and d.ghl_location_id = t."ghlLocationId")
      order by d.id desc limit 1)
      union all
      (select d.lead_id, d.location_id, to_json(d.created_at) #>> '{}', false
      from person_keys p join deliveries d on d.lead_id = p.lead_id
      where p.hash in (select decode(jsonb_array_elements_text(t."personHashes"), 'hex'))
        and d.ghl_location_id = t."ghlLocationId" and d.contact_id is null and d.status = 'pending'
      order by d.id desc limit 1)
      limit 1) found`;
  const found: (DeliveredLead | null)[] = things.map(() => null);
  for (const { at, ...lead } of await readRows(database, statement, foundSchema)) found[at] = lead;
  return found;
}
