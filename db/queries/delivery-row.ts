import * as z from 'zod';

/** A delivery that somebody has to go on with, and the number of its message. */
export const deliveryTurnSchema = z.object({
  id: z.string(),
  turn: z.number(),
  ghlLocationId: z.string(),
  status: z.string(),
});
export type DeliveryTurn = z.output<typeof deliveryTurnSchema>;

const text = z.string().nullable();
const map = z.record(z.string(), z.unknown()).nullable();

/** What was done in the sub-account, and what was about to be sent: whoever goes on begins there. */
export const deliveryPartsSchema = z.object({
  /** The contact was about to be written: it may be there. */
  contactSent: z.boolean().optional(),
  /** The sub-account had the contact before. */
  wasKnown: z.boolean().optional(),
  tagged: z.boolean().optional(),
  /** ISO 8601: an opportunity was about to be made; searching lags behind. */
  opportunitySentAt: z.string().optional(),
  opportunity: z.enum(['found', 'created', 'reopened', 'none']).optional(),
  /** `sent` without an end is `unknown`, and is not sent again. */
  enrolment: z.enum(['sent', 'done', 'unknown', 'none']).optional(),
  /** The tags that an earlier lead of the contact left. */
  oldTagsCleared: z.boolean().optional(),
  started: z.boolean().optional(),
  notes: z.array(z.string()).optional(),
});
export type DeliveryParts = z.output<typeof deliveryPartsSchema>;

export const begunDeliverySchema = z.object({
  id: z.string(),
  turn: z.number(),
  leadId: z.string(),
  locationId: z.string(),
  ghlLocationId: z.string(),
  task: z.enum(['deliver', 'withdraw']),
  attempt: z.number(),
  firstFailedAt: text,
  parts: deliveryPartsSchema,
  contactId: text,
  opportunityId: text,
  lead: z.object({
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
    service: text,
    score: z.number().nullable(),
    matchLevel: text,
    utm: map,
    consent: map,
    metadata: map,
  }),
});
export type BegunDelivery = z.output<typeof begunDeliverySchema>;

/** A delivery as it is shown. */
export const deliveryRowSchema = z.object({
  id: z.string(),
  leadId: z.string(),
  locationId: z.string(),
  ghlLocationId: z.string(),
  status: z.enum(['pending', 'delivered', 'failed', 'withdrawing', 'withdrawn', 'cancelled']),
  attempts: z.number(),
  contactId: text,
  opportunityId: text,
  parts: deliveryPartsSchema,
  error: z.object({ kind: z.string(), detail: z.string(), traceId: text }).nullable(),
  nextTryAt: text,
  createdAt: z.string(),
  deliveredAt: text,
});
export type DeliveryRow = z.output<typeof deliveryRowSchema>;
