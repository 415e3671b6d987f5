// What HighLevel's document lets a contact have.

import * as z from 'zod';

const text = z.string().max(5000);
const dnd = z
  .strictObject({
    status: z.enum(['active', 'inactive', 'permanent']),
    message: text.optional(),
    code: text.optional(),
  })
  .optional();
const fieldValue = z.union([text, z.array(text), z.record(z.string(), z.unknown())]);

/** The document lists a choice between kinds of field; what they have in common is this. */
const customFields = z.array(
  z.union([z.strictObject({ id: text, key: text.optional(), field_value: fieldValue.optional() })]),
);

const fields = z
  .strictObject({
    firstName: text,
    lastName: text,
    name: text,
    email: z.email(),
    phone: z.string().regex(/^\+?[\d\s().-]{7,20}$/, 'must be a valid phone number'),
    address1: text,
    city: text,
    state: text,
    postalCode: text,
    website: text,
    timezone: text,
    dnd: z.boolean(),
    dndSettings: z.strictObject({ Call: dnd, Email: dnd, SMS: dnd, WhatsApp: dnd, GMB: dnd, FB: dnd }),
    inboundDndSettings: z.strictObject({
      all: z.strictObject({ status: z.enum(['active', 'inactive']), message: text.optional() }).optional(),
    }),
    tags: z.array(text),
    customFields,
    source: text,
    /** The document says object where its own answers have text. */
    dateOfBirth: text,
    country: text.length(2),
    assignedTo: text,
  })
  .partial();

export const updateContactSchema = fields;
export const createContactSchema = fields.extend({
  locationId: text.min(1),
  gender: text.optional(),
  companyName: text.optional(),
});
export const upsertContactSchema = createContactSchema.extend({ createNewIfDuplicateAllowed: z.boolean().optional() });

export type ContactFields = Omit<z.output<typeof upsertContactSchema>, 'locationId' | 'createNewIfDuplicateAllowed'>;
