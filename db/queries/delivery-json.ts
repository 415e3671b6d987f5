import { sql } from 'drizzle-orm';

/** A row of `deliveries d` as it is shown. */
export const deliveryJson = sql`jsonb_build_object(
  'id', d.id, 'leadId', d.lead_id, 'locationId', d.location_id, 'ghlLocationId', d.ghl_location_id, 'status', d.status,
  'attempts', d.attempts, 'contactId', d.contact_id, 'opportunityId', d.opportunity_id, 'parts', d.parts,
  'error', d.error, 'nextTryAt', case when d.status in ('pending', 'withdrawing') then d.next_try_at end,
  'createdAt', d.created_at, 'deliveredAt', d.delivered_at)`;
