import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { deliveryJson } from './delivery-json.ts';
import { deliveryRowSchema } from './delivery-row.ts';
import { readRows } from './read-rows.ts';

const text = z.string().nullable();
const leadSchema = z.object({
  leadId: z.string(),
  createdAt: z.string(),
  source: z.string(),
  externalId: text,
  person: z.object({ firstName: text, lastName: text, email: text, phone: text }),
  place: z.object({
    address: text,
    city: text,
    state: text,
    postalCode: text,
    country: text,
    coordinates: z.object({ lng: z.number(), lat: z.number() }).nullable(),
  }),
  service: text,
  score: z.number().nullable(),
  utm: z.unknown(),
  consent: z.unknown(),
  metadata: z.unknown(),
  status: z.enum(['assigned', 'parked', 'duplicate']),
  stage: z.enum(['delivered', 'contacted', 'won', 'lost']).nullable(),
  deliveredAt: text,
  contactedAt: text,
  closedAt: text,
  locationId: text,
  duplicateOf: text,
  assignedDay: text,
  parkedReason: text,
  decision: z.unknown(),
  /** Until when somebody has to act on it; null where nobody has to, or somebody has. */
  actBy: text,
  /** Oldest first: one for each location that had it and has a sub-account. */
  deliveries: z.array(deliveryRowSchema),
  events: z.array(z.object({ at: z.string(), kind: z.string(), detail: z.unknown() })),
});

export type LeadRow = z.output<typeof leadSchema>;

/** A lead with its trace and its time line. The id's own time picks the month's partition. */
export async function findLead(database: Database, leadId: string): Promise<LeadRow | null> {
  const statement = sql`
    select jsonb_build_object(
      'leadId', l.id, 'createdAt', l.created_at, 'source', l.source, 'externalId', l.external_id,
      'person', jsonb_build_object('firstName', l.first_name, 'lastName', l.last_name, 'email', l.email, 'phone', l.phone),
      'place', jsonb_build_object('address', l.address, 'city', l.city, 'state', l.state, 'postalCode', l.postal_code,
        'country', l.country,
        'coordinates', case when l.lng is null then null else jsonb_build_object('lng', l.lng, 'lat', l.lat) end),
      'service', l.service, 'score', l.score, 'utm', l.utm, 'consent', l.consent, 'metadata', l.metadata,
      'status', l.status, 'stage', l.stage,
      'deliveredAt', l.delivered_at, 'contactedAt', l.contacted_at, 'closedAt', l.closed_at, 'locationId', l.location_id, 'duplicateOf', l.duplicate_of, 'assignedDay', l.assigned_day,
      'parkedReason', l.parked_reason, 'decision', l.decision,
      'actBy', (select k.due_at from lead_clocks k where k.lead_id = l.id and k.move = coalesce(l.moves, 0)
        and k.ended_at is null and coalesce(l.stage, 'delivered') = 'delivered'),
      'deliveries', coalesce((select jsonb_agg(${deliveryJson} order by d.move) from deliveries d where d.lead_id = l.id), '[]'),
      'events', coalesce((
        select jsonb_agg(jsonb_build_object('at', e.at, 'kind', e.kind, 'detail', e.detail) order by e.at)
        from lead_events e where e.lead_id = l.id), '[]')) as lead
    from leads l
    where l.id = ${leadId}::uuid and l.created_at = uuid_extract_timestamp(${leadId}::uuid)`;
  const [found] = await readRows(database, statement, z.object({ lead: leadSchema }));
  return found?.lead ?? null;
}
