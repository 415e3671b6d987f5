import { sql } from 'drizzle-orm';
import * as z from 'zod';

export const deliveredLeadSchema = z.object({
  leadId: z.string(),
  locationId: z.string(),
  /** ISO 8601, of its delivery. */
  createdAt: z.string(),
});
/** A lead and the location that its delivery is for. */
export type DeliveredLead = z.output<typeof deliveredLeadSchema>;

/** Of a delivery `d`. */
export const deliveredLeadJson = sql`jsonb_build_object(
  'leadId', d.lead_id, 'locationId', d.location_id, 'createdAt', to_json(d.created_at) #>> '{}')`;
