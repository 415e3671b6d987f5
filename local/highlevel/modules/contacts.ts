// Contacts. An upsert goes by e-mail first and phone second, overwrites the tags it is given, and leaves a phone alone that belongs to
// somebody else; each is a trap that HighLevel's own document states.

import * as z from 'zod';
import { badRequest, succeed, unprocessable } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import { tellContactChange, tellContactDeleted } from './contact-events.ts';
import { createContactSchema, updateContactSchema, upsertContactSchema, type ContactFields } from './contact-fields.ts';
import { describeContact } from './describe-contact.ts';
import { contactsTable, tidyPhone, type Contact } from './contacts-table.ts';
import { customFieldsTable } from './custom-fields.ts';
import { startByTags } from './enrolments.ts';
import { findOwned } from './find-owned.ts';
import { readLocation } from './locations-table.ts';
import { omitUndefined } from './omit-undefined.ts';
import { searchContacts, searchContactsSchema, type ContactSearch } from './search-contacts.ts';
import { ensureTags, tidyTag } from './tags.ts';
import { usersTable } from './users.ts';

const duplicateSchema = z.strictObject({
  locationId: z.string().min(1),
  number: z.string().optional(),
  email: z.string().optional(),
});

export function createContactsModule(services: Services): Module {
  const { store } = services;
  const contacts = contactsTable(store);
  const customFields = customFieldsTable(store);
  const users = usersTable(store);

  function areDuplicatesAllowed(locationId: string): boolean {
    return readLocation(store, locationId)?.settings.allowDuplicateContact === true;
  }

  function findMatches(locationId: string, { email, phone }: Pick<ContactFields, 'email' | 'phone'>) {
    return {
      byEmail: email === undefined ? undefined : contacts.findByEmail(locationId, email),
      byPhone: phone === undefined ? undefined : contacts.findByPhone(locationId, phone),
    };
  }

  /** Custom fields are named by the sub-account's own ids, and only its own users are assigned. */
  function refuse(fields: ContactFields, locationId: string): Answer | undefined {
    const strange = fields.customFields?.find(({ id }) => customFields.find(id)?.locationId !== locationId);
    if (strange !== undefined) return unprocessable([`customFields.${strange.id} is not a field of this location`]);
    const { assignedTo } = fields;
    const isForeign = assignedTo !== undefined && users.find(assignedTo)?.locationIds.includes(locationId) !== true;
    return isForeign ? badRequest('assignedTo is not a user of this location') : undefined;
  }

  /** Writes a contact and tells of it; `before` undefined makes a new one. */
  function write(fields: ContactFields, { before, locationId, nowMs }: Writing): Contact {
    const { tags = before?.tags ?? [], customFields: given = [], email, phone, ...rest } = fields;
    const tidied = [...new Set(tags.map(tidyTag))];
    ensureTags(store, locationId, tidied);
    const values = new Map(before?.customFields.map(({ id, value }) => [id, value]));
    for (const { id, field_value: value } of given) values.set(id, toText(value));
    const base = before ?? { id: createId(), locationId, createdAtMs: nowMs };
    const after = contacts.put({
      ...base,
      ...omitUndefined(rest),
      ...(email === undefined ? {} : { email: email.toLowerCase() }),
      ...(phone === undefined ? {} : { phone: tidyPhone(phone) }),
      tags: tidied,
      customFields: [...values].map(([id, value]) => ({ id, value })),
      updatedAtMs: nowMs,
    });
    startByTags(services, before, after);
    tellContactChange(services, before, after);
    return after;
  }

  function create({ body, nowMs }: Call<z.output<typeof createContactSchema>>): Answer {
    const { locationId, ...fields } = body;
    const refusal = refuse(fields, locationId);
    if (refusal !== undefined) return refusal;
    const { byEmail, byPhone } = findMatches(locationId, fields);
    if ((byEmail ?? byPhone) !== undefined && !areDuplicatesAllowed(locationId)) return duplicateRefused;
    return succeed({ contact: describeContact(write(fields, { before: undefined, locationId, nowMs })) }, 201);
  }

  function upsert({ body, nowMs }: Call<z.output<typeof upsertContactSchema>>): Answer {
    const { locationId, createNewIfDuplicateAllowed, ...fields } = body;
    const refusal = refuse(fields, locationId);
    if (refusal !== undefined) return refusal;
    const { byEmail, byPhone } = findMatches(locationId, fields);
    const isAlwaysNew = createNewIfDuplicateAllowed === true && areDuplicatesAllowed(locationId);
    const before = isAlwaysNew ? undefined : (byEmail ?? byPhone);
    const isPhoneOfAnother = byEmail !== undefined && byPhone !== undefined && byEmail.id !== byPhone.id;
    const { phone: _, ...withoutPhone } = fields;
    const contact = write(isPhoneOfAnother ? withoutPhone : fields, { before, locationId, nowMs });
    return succeed({ new: before === undefined, contact: describeContact(contact) });
  }

  function update(call: Call<z.output<typeof updateContactSchema>>): Answer {
    const before = findOwned(contacts, call, call.param('contactId'));
    if (before === undefined) return unknownContact;
    const { body, locationId, nowMs } = call;
    const refusal = refuse(body, locationId);
    if (refusal !== undefined) return refusal;
    const { byEmail, byPhone } = findMatches(locationId, body);
    const isTaken = [byEmail, byPhone].some((other) => other !== undefined && other.id !== before.id);
    if (isTaken && !areDuplicatesAllowed(locationId)) return duplicateRefused;
    return succeed({ succeded: true, contact: describeContact(write(body, { before, locationId, nowMs })) });
  }

  function get(call: Call): Answer {
    const contact = findOwned(contacts, call, call.param('contactId'));
    return contact === undefined ? unknownContact : succeed({ contact: describeContact(contact) });
  }

  function remove(call: Call): Answer {
    const contact = findOwned(contacts, call, call.param('contactId'));
    if (contact === undefined) return unknownContact;
    contacts.remove(contact.id);
    tellContactDeleted(services, contact);
    return succeed({ succeded: true });
  }

  function search({ body, locationId, visibleUntilMs }: Call<ContactSearch>): Answer {
    const visible = contacts.listByOwner(locationId).filter(({ createdAtMs }) => createdAtMs <= visibleUntilMs);
    const found = searchContacts(visible, body);
    if (!found.ok) return badRequest(found.error);
    const shown = found.value.contacts.map((contact) => ({
      ...describeContact(contact),
      searchAfter: [contact.createdAtMs, contact.id],
    }));
    return succeed({ contacts: shown, total: found.value.total });
  }

  function findDuplicate(call: Call<unknown, z.output<typeof duplicateSchema>>): Answer {
    const { query, locationId, visibleUntilMs } = call;
    if (query.email === undefined && query.number === undefined) return badRequest('Please provide email or number');
    const { byEmail, byPhone } = findMatches(locationId, { email: query.email, phone: query.number });
    const found = byEmail ?? byPhone;
    const isVisible = found !== undefined && found.createdAtMs <= visibleUntilMs;
    return succeed({ contact: isVisible ? describeContact(found) : null });
  }

  const all = { version: '2021-07-28', security: ['Location-Access'], path: '/contacts/' } as const;
  const one = { ...all, path: '/contacts/:contactId' } as const;
  const reading = { scope: 'contacts.readonly' };
  const writing = { scope: 'contacts.write' };
  return {
    routes: [
      defineRoute({ ...all, ...writing, method: 'POST', body: createContactSchema, handle: create }),
      defineRoute({
        ...all,
        ...writing,
        method: 'POST',
        path: '/contacts/upsert',
        body: upsertContactSchema,
        handle: upsert,
      }),
      defineRoute({
        ...all,
        ...reading,
        method: 'POST',
        path: '/contacts/search',
        body: searchContactsSchema,
        handle: search,
      }),
      defineRoute({
        ...all,
        ...reading,
        method: 'GET',
        path: '/contacts/search/duplicate',
        query: duplicateSchema,
        handle: findDuplicate,
      }),
      defineRoute({ ...one, ...reading, method: 'GET', handle: get }),
      defineRoute({ ...one, ...writing, method: 'PUT', body: updateContactSchema, handle: update }),
      defineRoute({ ...one, ...writing, method: 'DELETE', handle: remove }),
    ],
    removeLocation: contacts.removeByOwner,
  };
}

type Writing = { readonly before: Contact | undefined; readonly locationId: string; readonly nowMs: number };

export const unknownContact = badRequest('Contact not found');
const duplicateRefused = badRequest('This location does not allow duplicated contacts.');

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
