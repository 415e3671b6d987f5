import * as z from 'zod';
import { deliveryRowSchema } from '../../../db/queries/delivery-row.ts';
import type { AcceptedLead } from '../leads/accept-lead.ts';
import type { PreviewedLead } from '../leads/preview-lead.ts';
import type { ReassignedLead } from '../leads/reassign-lead.ts';
import type { RoutedLead } from '../leads/routed-lead.ts';
import type { StoredLead } from '../leads/stored-lead.ts';
import { problemSchema } from './problem-answers.ts';
import { matchLevelSchema, parkedReasonSchema, traceSchema } from '../leads/stored-outcome.ts';

const text = z.string().nullable();

/** What `describeRoutedLead` makes: the types are compared when this is compiled, the answers in the tests. */
export const routedLeadSchema = z.object({
  leadId: z.string(),
  status: z.enum(['assigned', 'parked', 'duplicate']),
  location: z
    .object({ id: z.string(), name: z.string(), franchiseCode: z.string(), distanceMiles: z.number().nullable() })
    .nullable(),
  decision: z.object({
    matchLevel: matchLevelSchema.nullable(),
    geoConfidence: traceSchema.shape.geoConfidence,
    ruleVersion: z.number(),
    territoryVersion: z.number().nullable(),
    reason: z.string().describe('one or two sentences for a person who asks why'),
    parkedReason: parkedReasonSchema,
    candidates: traceSchema.shape.candidates,
    omitted: traceSchema.shape.omitted,
    notes: z.array(z.string()).describe('what was cleaned or could not be used, by field'),
  }),
  duplicateOf: text,
  replayed: z.boolean(),
}) satisfies z.ZodType<RoutedLead>;

export const previewedLeadSchema = routedLeadSchema.extend({
  leadId: z.null(),
  basis: z.enum(['isolate', 'postgres']).describe('where the seats taken today were read'),
  capacityAgeSeconds: z.number().nullable(),
  turnAmong: z
    .array(z.object({ locationId: z.string(), weight: z.number() }))
    .nullable()
    .describe('those of whom one gets the lead by its turn, which is taken with the seat'),
}) satisfies z.ZodType<PreviewedLead>;

export const acceptedLeadSchema = z.object({
  leadId: z.string().describe('look it up in a while'),
  status: z.literal('accepted'),
  location: z
    .object({ id: z.string(), name: z.string(), franchiseCode: z.string() })
    .nullable()
    .describe('where it will probably go'),
  degraded: z.array(z.enum(['postgres', 'redis', 'directory'])).describe('what was away'),
  replayed: z.boolean().describe('it was accepted before, under the same key'),
}) satisfies z.ZodType<AcceptedLead>;

export const batchAnswerSchema = z.object({
  counts: z.object({
    assigned: z.int(),
    parked: z.int(),
    duplicate: z.int(),
    replayed: z.int(),
    accepted: z.int(),
    refused: z.int(),
  }),
  items: z.array(
    z.union([
      z.object({ index: z.int(), status: z.union([z.literal(200), z.literal(201)]), lead: routedLeadSchema }),
      z.object({ index: z.int(), status: z.literal(202), lead: acceptedLeadSchema }),
      z.object({ index: z.int(), status: z.int(), problem: problemSchema }),
    ]),
  ),
});

export const reassignedLeadSchema = routedLeadSchema.extend({
  moved: z.boolean().describe('false: nobody else could take it, and it was to stay'),
  from: z.object({ id: z.string(), name: z.string(), franchiseCode: z.string() }).nullable(),
  whyNobody: text,
}) satisfies z.ZodType<ReassignedLead>;

export const storedLeadSchema = routedLeadSchema.omit({ replayed: true }).extend({
  stage: z
    .enum(['delivered', 'contacted', 'won', 'lost'])
    .nullable()
    .describe('null: its sub-account does not have it yet'),
  deliveredAt: text,
  contactedAt: text,
  closedAt: text,
  actBy: text.describe('until when its location has to act on it; null where nobody has to, or somebody has'),
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
  deliveries: z.array(deliveryRowSchema).describe('oldest first: one for each sub-account that was to have it'),
  timeLine: z.array(z.object({ at: z.string(), kind: z.string(), detail: z.unknown() })),
}) satisfies z.ZodType<StoredLead>;
