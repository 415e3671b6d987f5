import * as z from 'zod';

/** Of the fields that are free text. */
export const MAX_LENGTHS = {
  firstName: 200,
  lastName: 200,
  email: 320,
  phone: 64,
  address: 300,
  city: 120,
  state: 60,
  postalCode: 20,
  country: 60,
  service: 80,
  location: 200,
} as const;
export const MAX_EXTERNAL_ID_LENGTH = 200;
export const MAX_SCORE = 1000;
export const MAX_RECORD_KEY_LENGTH = 64;
export const MAX_RECORD_TEXT_LENGTH = 1000;
export const MAX_RECORD_KEYS = 50;

const text = (field: keyof typeof MAX_LENGTHS) => z.string().max(MAX_LENGTHS[field]);
const flatValue = z.union([z.string().max(MAX_RECORD_TEXT_LENGTH), z.number(), z.boolean(), z.null()]);
const flatRecord = z.record(z.string().max(MAX_RECORD_KEY_LENGTH), flatValue);
/** The commonest mistake is named in the message: the two numbers in the other order. */
const degrees = (limit: number) => {
  const error = `from -${limit} to ${limit} degrees; coordinates are { lng, lat }, were they swapped?`;
  return z.number().min(-limit, { error }).max(limit, { error });
};
const boundedRecord = flatRecord.refine((record) => Object.keys(record).length <= MAX_RECORD_KEYS, {
  error: `at most ${MAX_RECORD_KEYS} entries`,
});

/**
 * The body of `POST /v1/leads`. Only the shape is checked here: an e-mail, phone or postal code that cannot be used
 * does not refuse the lead, it is noted in the decision.
 */
export const leadInputSchema = z.strictObject({
  source: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .regex(/^[\w.:-]+$/, { error: 'letters, digits, and . : _ - only' }),
  externalId: z.string().trim().min(1).max(MAX_EXTERNAL_ID_LENGTH).optional(),
  firstName: text('firstName').optional(),
  lastName: text('lastName').optional(),
  email: text('email').optional(),
  phone: text('phone').optional(),
  address: text('address').optional(),
  city: text('city').optional(),
  state: text('state').optional(),
  postalCode: text('postalCode').optional(),
  country: text('country').optional(),
  coordinates: z.strictObject({ lng: degrees(180), lat: degrees(90) }).optional(),
  service: text('service').optional(),
  score: z.number().min(0).max(MAX_SCORE).optional(),
  location: text('location').optional(),
  utm: boundedRecord.optional(),
  consent: boundedRecord.optional(),
  metadata: boundedRecord.optional(),
});

export type LeadInput = z.output<typeof leadInputSchema>;

/** One lead, with all its free fields at their limits, stays well under this. */
export const LEAD_BODY_LIMIT_BYTES = 128 * 1024;
