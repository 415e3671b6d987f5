// What webhooks are told of a contact: flat, and custom fields without their key.

import type { Services } from '../services.ts';
import type { Contact } from './contacts-table.ts';

type ContactEvent = 'ContactCreate' | 'ContactUpdate' | 'ContactDelete' | 'ContactTagUpdate' | 'ContactDndUpdate';

/** Tells what a write changed. `before` is undefined for a new contact. */
export function tellContactChange({ emit }: Services, before: Contact | undefined, after: Contact): void {
  const tell = (type: ContactEvent) => emit({ type, audience: 'app', payload: describeForWebhook(after) });
  if (before === undefined) {
    tell('ContactCreate');
    return;
  }
  if (before.tags.join('\n') !== after.tags.join('\n')) tell('ContactTagUpdate');
  if (before.dnd !== after.dnd) tell('ContactDndUpdate');
  if (withoutTags(before) !== withoutTags(after)) tell('ContactUpdate');
}

export function tellContactDeleted({ emit }: Services, contact: Contact): void {
  emit({ type: 'ContactDelete', audience: 'app', payload: describeForWebhook(contact) });
}

function withoutTags(contact: Contact): string {
  const { tags: _, updatedAtMs: __, ...rest } = contact;
  return JSON.stringify(rest);
}

function describeForWebhook(contact: Contact) {
  const { id, locationId, firstName, lastName, email, phone, address1, city, state, postalCode, country } = contact;
  const { companyName, source, dnd = false, website, assignedTo, dateOfBirth, tags, customFields } = contact;
  const name = contactName(contact);
  const dateAdded = new Date(contact.createdAtMs).toISOString();
  return {
    locationId,
    id,
    address1,
    city,
    state,
    companyName,
    country,
    source,
    dateAdded,
    dateOfBirth,
    dnd,
    email,
    name,
    firstName,
    lastName,
    phone,
    postalCode,
    tags,
    website,
    attachments: [],
    assignedTo,
    customFields,
  };
}

export function contactName({ name, firstName, lastName }: Pick<Contact, 'name' | 'firstName' | 'lastName'>): string {
  return name ?? [firstName, lastName].filter((part) => part !== undefined).join(' ');
}
