// Contacts of one sub-account. They never move to another. https://marketplace.gohighlevel.com/docs/ghl/contacts/
import * as z from 'zod';
import type { Result } from '../../rules/result.ts';
import type { HighlevelCaller } from '../caller.ts';
import type { HighlevelError } from '../rules/failure.ts';
import { asLocation } from './credentials.ts';
import { id, listOf, optionalFlag, optionalText, succeededSchema } from './fields.ts';

const contactSchema = z.object({
  id,
  locationId: optionalText,
  firstName: optionalText,
  lastName: optionalText,
  name: optionalText,
  email: optionalText,
  phone: optionalText,
  address1: optionalText,
  city: optionalText,
  state: optionalText,
  postalCode: optionalText,
  country: optionalText,
  source: optionalText,
  assignedTo: optionalText,
  dnd: optionalFlag,
  dateAdded: optionalText,
  dateUpdated: optionalText,
  tags: listOf(z.string()),
  customFields: listOf(z.object({ id, value: z.unknown() })),
});
export type Contact = z.output<typeof contactSchema>;

export interface ContactFields {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly address1?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  /** Two letters. */
  readonly country?: string;
  readonly timezone?: string;
  readonly source?: string;
  readonly dnd?: boolean;
  readonly assignedTo?: string;
  /** Overwrites the whole list; `addContactTags` adds to it. */
  readonly tags?: readonly string[];
  /** Ids differ by sub-account: look them up by `fieldKey`. */
  readonly customFields?: readonly { readonly id: string; readonly field_value: string | readonly string[] }[];
}

export type InLocation = { readonly ghlLocationId: string };
export type OfContact = InLocation & { readonly contactId: string };

/**
 * Finds by e-mail or phone in the order of the sub-account's own settings, and creates or updates. Where both match, and
 * not the same contact, HighLevel updates the first and leaves the other field out: compare what comes back.
 */
export function upsertContact(
  caller: HighlevelCaller,
  { ghlLocationId, ...fields }: InLocation & ContactFields,
): Promise<Result<{ isNew: boolean; contact: Contact }, HighlevelError>> {
  return caller.send({
    endpoint: 'upsertContact',
    credential: asLocation(ghlLocationId),
    body: { locationId: ghlLocationId, ...fields },
    answer: z
      .object({ new: optionalFlag, contact: contactSchema })
      .transform((answer) => ({ isNew: answer.new ?? false, contact: answer.contact })),
  });
}

const contactAnswer = z.object({ contact: contactSchema }).transform(({ contact }) => contact);

export function getContact(
  caller: HighlevelCaller,
  { ghlLocationId, contactId }: OfContact,
): Promise<Result<Contact, HighlevelError>> {
  return caller.send({
    endpoint: 'getContact',
    credential: asLocation(ghlLocationId),
    path: { contactId },
    answer: contactAnswer,
  });
}

export function updateContact(
  caller: HighlevelCaller,
  { ghlLocationId, contactId, ...fields }: OfContact & ContactFields,
): Promise<Result<Contact, HighlevelError>> {
  return caller.send({
    endpoint: 'updateContact',
    credential: asLocation(ghlLocationId),
    path: { contactId },
    body: fields,
    answer: contactAnswer,
  });
}

export function deleteContact(
  caller: HighlevelCaller,
  { ghlLocationId, contactId }: OfContact,
): Promise<Result<boolean, HighlevelError>> {
  return caller.send({
    endpoint: 'deleteContact',
    credential: asLocation(ghlLocationId),
    path: { contactId },
    answer: succeededSchema,
  });
}

const tagsAnswer = z.object({ tags: listOf(z.string()) }).transform(({ tags }) => tags);

/** Answers all tags that the contact has now. Adding one again changes nothing. */
export function addContactTags(
  caller: HighlevelCaller,
  { ghlLocationId, contactId, tags }: OfContact & { readonly tags: readonly string[] },
): Promise<Result<string[], HighlevelError>> {
  return caller.send({
    endpoint: 'addContactTags',
    credential: asLocation(ghlLocationId),
    path: { contactId },
    body: { tags },
    answer: tagsAnswer,
  });
}

export function removeContactTags(
  caller: HighlevelCaller,
  { ghlLocationId, contactId, tags }: OfContact & { readonly tags: readonly string[] },
): Promise<Result<string[], HighlevelError>> {
  return caller.send({
    endpoint: 'removeContactTags',
    credential: asLocation(ghlLocationId),
    path: { contactId },
    body: { tags },
    answer: tagsAnswer,
  });
}

/** Not idempotent: each one is another note. */
export function createContactNote(
  caller: HighlevelCaller,
  { ghlLocationId, contactId, text }: OfContact & { readonly text: string },
): Promise<Result<{ id: string }, HighlevelError>> {
  return caller.send({
    endpoint: 'createContactNote',
    credential: asLocation(ghlLocationId),
    path: { contactId },
    body: { body: text },
    answer: z.object({ note: z.object({ id }) }).transform(({ note }) => note),
  });
}

/** Starts a workflow for the contact; whether a second time starts it twice is the workflow's own setting. */
export function addContactToWorkflow(
  caller: HighlevelCaller,
  { ghlLocationId, contactId, workflowId }: OfContact & { readonly workflowId: string },
): Promise<Result<boolean, HighlevelError>> {
  return caller.send({
    endpoint: 'addContactToWorkflow',
    credential: asLocation(ghlLocationId),
    path: { contactId, workflowId },
    body: {},
    answer: succeededSchema,
  });
}

export interface ContactFilter {
  readonly field: string;
  readonly operator: 'eq' | 'contains' | 'range' | 'exists';
  readonly value?: unknown;
}

/** Up to 500 a page. Its body and answer are not in HighLevel's description; searching lags behind writing. */
export function searchContacts(
  caller: HighlevelCaller,
  search: InLocation & {
    readonly filters: readonly ContactFilter[];
    readonly page?: number;
    readonly pageLimit?: number;
    readonly sort?: readonly { readonly field: string; readonly direction: 'asc' | 'desc' }[];
  },
): Promise<Result<{ contacts: Contact[]; total: number | null }, HighlevelError>> {
  const { ghlLocationId, filters, page = 1, pageLimit = 20, sort } = search;
  return caller.send({
    endpoint: 'searchContacts',
    credential: asLocation(ghlLocationId),
    body: { locationId: ghlLocationId, page, pageLimit, filters, sort },
    answer: z
      .object({ contacts: listOf(contactSchema), total: z.number().nullish() })
      .transform(({ contacts, total }) => ({ contacts, total: total ?? null })),
  });
}

/** The contact that an upsert of this e-mail or phone would find; null for none. */
export function findDuplicateContact(
  caller: HighlevelCaller,
  { ghlLocationId, email, phone }: InLocation & { readonly email?: string; readonly phone?: string },
): Promise<Result<Contact | null, HighlevelError>> {
  return caller.send({
    endpoint: 'findDuplicateContact',
    credential: asLocation(ghlLocationId),
    query: { locationId: ghlLocationId, email, number: phone },
    answer: z.object({ contact: contactSchema.nullish() }).transform(({ contact }) => contact ?? null),
  });
}
