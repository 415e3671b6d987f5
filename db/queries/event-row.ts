import { sql } from 'drizzle-orm';
import * as z from 'zod';

const text = z.string().nullable();

/** An event as it is shown: ids and how it ended, nothing of what it says. */
export const eventRowSchema = z.object({
  id: z.string(),
  receivedAt: z.string(),
  type: z.string(),
  source: text,
  ghlLocationId: text,
  resourceId: text,
  outcome: z.enum(['accepted', 'ignored', 'rejected']),
  reason: text,
  handledAs: text,
  handledAt: text,
  leadId: text,
});
export type EventRow = z.output<typeof eventRowSchema>;

export const eventJson = sql`jsonb_build_object('id', w.id, 'receivedAt', w.received_at, 'type', w.type, 'source', w.source,
  'ghlLocationId', w.ghl_location_id, 'resourceId', w.resource_id, 'outcome', w.outcome, 'reason', w.reason,
  'handledAs', w.handled_as, 'handledAt', w.handled_at, 'leadId', w.lead_id)`;
