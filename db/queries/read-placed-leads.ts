import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const text = z.string().nullable();
const flat = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullable();

const placedLeadSchema = z.object({
  leadId: z.string(),
  createdAtMs: z.number(),
  source: z.string(),
  externalId: text,
  firstName: text,
  lastName: text,
  email: text,
  phone: text,
  address: text,
  city: text,
  state: text,
  postalCode: text,
  country: text,
  coordinates: z.object({ lng: z.number(), lat: z.number() }).nullable(),
  service: text,
  score: z.number().nullable(),
  utm: flat,
  consent: flat,
  metadata: flat,
  status: z.enum(['assigned', 'parked', 'duplicate']),
  locationId: text,
  duplicateOf: text,
  parkedReason: text,
  decision: z.unknown(),
  /** Every change of place since the first assignment, in order; null is the parking lot. */
  moves: z.array(z.object({ messageId: z.string(), from: text, to: text })),
});

/** A stored lead with all that it takes to decide where it goes, and where it has been. */
export type PlacedLead = z.output<typeof placedLeadSchema>;

/** By id, in no order. Null for a lead that this version cannot read; ids that nobody has are left out. */
export async function readPlacedLeads(
  database: Database,
  leadIds: readonly string[],
): Promise<ReadonlyMap<string, PlacedLead | null>> {
  const statement = sql`
    select l.id as "leadId", jsonb_build_object(
      'leadId', l.id, 'createdAtMs', (extract(epoch from l.created_at) * 1000)::float8, 'source', l.source,
      'externalId', l.external_id, 'firstName', l.first_name, 'lastName', l.last_name, 'email', l.email,
      'phone', l.phone, 'address', l.address, 'city', l.city, 'state', l.state, 'postalCode', l.postal_code,
      'country', l.country,
      'coordinates', case when l.lng is null then null else jsonb_build_object('lng', l.lng, 'lat', l.lat) end,
      'service', l.service, 'score', l.score, 'utm', l.utm, 'consent', l.consent, 'metadata', l.metadata,
      'status', l.status, 'locationId', l.location_id, 'duplicateOf', l.duplicate_of,
      'parkedReason', l.parked_reason, 'decision', l.decision,
      'moves', coalesce((
        select jsonb_agg(jsonb_build_object('messageId', e.message_id, 'from', e.detail ->> 'from',
          'to', e.detail ->> 'to') order by e.at)
        from lead_events e where e.lead_id = l.id and e.kind in ('reassigned', 'declined', 'retried')), '[]')) as lead
    from jsonb_array_elements_text(${JSON.stringify(leadIds)}::jsonb) as ids (value)
    join leads l on l.id = ids.value::uuid and l.created_at = uuid_extract_timestamp(ids.value::uuid)`;
  const rows = await readRows(database, statement, z.object({ leadId: z.string(), lead: z.unknown() }));
  // Each for itself: one that cannot be read must not hold up the others.
  return new Map(rows.map(({ leadId, lead }) => [leadId, placedLeadSchema.safeParse(lead).data ?? null]));
}
