import * as z from 'zod';

const text = (maxLength: number) => z.string().trim().min(1).max(maxLength);

/** What of a lead a custom field may be filled with. */
const leadFieldNames = [
  'leadId',
  'source',
  'externalId',
  'service',
  'score',
  'matchLevel',
  'postalCode',
  'address',
  'city',
  'state',
] as const;

/** A name of `leadFieldNames`, or `utm.…`, `consent.…` or `metadata.…` with a key of the lead's own. */
const leadFieldSchema = z
  .string()
  .max(120)
  .refine(
    (name) => (leadFieldNames as readonly string[]).includes(name) || /^(utm|consent|metadata)\.[^.]+$/.test(name),
    { error: `one of ${leadFieldNames.join(', ')}, or utm.…, consent.…, metadata.…` },
  );

/** What the brand decides about leads that were assigned. All of it has defaults. */
export const leadSettingsSchema = z.strictObject({
  /** The brand's own sub-account: whoever becomes a contact there is routed. Null: nobody is. */
  master: z
    .strictObject({
      ghlLocationId: text(64).nullable().default(null),
      /** The source of its leads. */
      source: z
        .string()
        .regex(/^[\w.:-]{1,64}$/, { error: 'letters, digits, and . : _ - only' })
        .default('highlevel'),
      /** The custom field that says which service they ask for, such as `contact.service_needed`. */
      serviceFieldKey: text(120).nullable().default(null),
    })
    .prefault({}),
  delivery: z
    .strictObject({
      /** Off: leads stay assigned and reach no sub-account. */
      enabled: z.boolean().default(true),
      /** Added to the contact beside our own tag. */
      tags: z.array(text(60)).max(20).default([]),
      /** The tag that the snapshot's new-lead workflow listens to; it is added last. Null: no workflow is started by a tag. */
      startTag: text(60).nullable().default('new lead'),
      /** A workflow, by name, that the contact is enrolled in. Null: none. */
      workflowName: text(200).nullable().default(null),
      /** Found by name in the sub-account. Null: its first pipeline. */
      pipelineName: text(120).nullable().default(null),
      /** Null: the pipeline's first stage. */
      stageName: text(120).nullable().default(null),
      /** By `fieldKey`, such as `contact.lead_source`. */
      customFields: z
        .record(z.string().regex(/^contact\.[a-z0-9_]{1,100}$/, { error: 'contact. and a key' }), leadFieldSchema)
        .refine((fields) => Object.keys(fields).length <= 50, { error: 'at most 50' })
        .default({}),
    })
    .prefault({}),
  /** Whoever does not touch a lead in time loses it to the next. Null: nobody does. */
  sla: z
    .strictObject({
      minutes: z.int().min(1).max(10_080),
      maxReroutes: z.int().min(0).max(10).default(2),
      /** Only the location's open hours count. */
      workingHoursOnly: z.boolean().default(true),
    })
    .nullable()
    .default(null),
  retention: z
    .strictObject({
      /** Leads and all that belongs to them: whole months that are older go into the archive. Null: they stay for ever. */
      leadsMonths: z.int().min(1).max(240).nullable().default(null),
      /** Webhooks and form posts as they came. */
      eventsDays: z.int().min(7).max(730).default(30),
    })
    .prefault({}),
});

export type LeadSettings = z.output<typeof leadSettingsSchema>;

export const defaultLeadSettings: LeadSettings = leadSettingsSchema.parse({});
