import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { deliveredLeadJson, deliveredLeadSchema, type DeliveredLead } from './delivered-lead-row.ts';
import { readRows } from './read-rows.ts';

export interface HighlevelThing {
  readonly ghlLocationId: string;
  readonly contactId: string | null;
  readonly opportunityId: string | null;
}

/** `awaited`: a lead is on its way into this sub-account whose contact is not known yet, and this may be it. */
export type FoundDelivery = { readonly lead: DeliveredLead } | 'awaited' | null;

/** For each of these, in their order: the lead that was delivered as this opportunity, or else the last one that was as this contact. */
export async function findDeliveredLeads(
  database: Database,
  things: readonly HighlevelThing[],
): Promise<FoundDelivery[]> {
  if (things.length === 0) return [];
  const asked = things.map(({ ghlLocationId, contactId, opportunityId }, at) => ({
    at,
    ghlLocationId,
    contactId,
    opportunityId,
  }));
  const statement = sql`
    select t.at, known.lead from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
      as t(at integer, "ghlLocationId" text, "contactId" text, "opportunityId" text)
    left join lateral (
      select ${deliveredLeadJson} as lead from deliveries d
      where (d.ghl_location_id = t."ghlLocationId" and d.contact_id = t."contactId")
        or (d.opportunity_id = t."opportunityId" and d.ghl_location_id = t."ghlLocationId")
      order by coalesce(d.opportunity_id = t."opportunityId", false) desc, d.id desc limit 1) known on true
    where known.lead is not null or exists (
      select from deliveries w
      where w.ghl_location_id = t."ghlLocationId" and w.status = 'pending' and w.contact_id is null)`;
  const found: FoundDelivery[] = things.map(() => null);
  const rowSchema = z.object({ at: z.number(), lead: deliveredLeadSchema.nullable() });
  for (const { at, lead } of await readRows(database, statement, rowSchema)) found[at] = lead ? { lead } : 'awaited';
  return found;
}
