import * as z from 'zod';
import { findUnknownPlaceholders } from './custom-values.ts';
import { isMarkerBase } from './marker-email.ts';

const text = (maxLength: number) => z.string().trim().min(1).max(maxLength);
const id = text(64);
const template = z
  .string()
  .max(500)
  .superRefine((value, context) => {
    for (const name of findUnknownPlaceholders(value)) {
      context.addIssue({ code: 'custom', message: `{${name}} is nothing that a location has` });
    }
  });

const personTaskSchema = z.strictObject({
  kind: z.string().regex(/^[a-z][a-z0-9-]{1,63}$/, { error: 'lower-case words joined by dashes' }),
  title: text(200),
  reason: text(500),
  link: template.nullable().default(null),
});

/**
 * What a brand decides once for all its locations. Values of the kind `{name}` are filled from the location's row:
 * custom-values.ts has the names.
 */
export const onboardingSettingsSchema = z.strictObject({
  brandName: text(200),
  /** Sub-accounts are created under `{mailbox}+{locationId}.{generation}@{domain}`, by which they are found again. */
  markerEmail: z
    .strictObject({ mailbox: text(32), domain: text(120) })
    .refine(isMarkerBase, { error: 'a mailbox and a domain that make an e-mail address' }),
  snapshotId: id,
  /** The sub-account that the snapshot was made from: what it has, a new one must have. */
  templateLocationId: id,
  /** By the key of `{{custom_values.key}}`. */
  customValues: z
    .record(
      z.string().regex(/^[a-z0-9_]{1,120}$/, { error: 'a key of custom values, such as location_phone' }),
      template,
    )
    .refine((values) => Object.keys(values).length <= 200, { error: 'at most 200' }),
  manager: z.strictObject({ role: z.enum(['admin', 'user']) }).prefault({ role: 'admin' }),
  /** Found by name, or created. */
  calendar: z.strictObject({ name: text(120) }),
  /** Found by name, in the snapshot. Null: none is looked for. */
  pipelineName: text(120).nullable().default(null),
  /** The workflow that greets a new lead; it must be published. Null: none is looked for. */
  welcomeWorkflowName: text(200).nullable().default(null),
  /** Opened for each new sub-account: what no API can do. */
  personTasks: z.array(personTaskSchema).max(20).default([]),
  /** Whether a location may be switched on while tasks for people are open. */
  activateWithOpenTasks: z.boolean().default(false),
});

export type OnboardingSettings = z.output<typeof onboardingSettingsSchema>;
