// What hangs on a contact: its tags one by one, notes, and the workflows it is enrolled in.

import * as z from 'zod';
import { badRequest, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { tellContactChange } from './contact-events.ts';
import { contactsTable, type Contact } from './contacts-table.ts';
import { unknownContact } from './contacts.ts';
import { enrolContact, enrolmentsTable, startByTags } from './enrolments.ts';
import { findOwned } from './find-owned.ts';
import { ensureTags, tidyTag } from './tags.ts';
import { workflowsTable } from './workflows.ts';

type Note = {
  readonly id: string;
  readonly contactId: string;
  readonly body: string;
  readonly title?: string | undefined;
  readonly userId?: string | undefined;
  readonly color?: string | undefined;
  readonly pinned?: boolean | undefined;
  readonly createdAtMs: number;
};

const tagsSchema = z.strictObject({ tags: z.array(z.string().min(1).max(200)).min(1).max(100) });
const noteSchema = z.strictObject({
  body: z.string().min(1).max(20_000),
  title: z.string().max(500).optional(),
  userId: z.string().optional(),
  color: z.string().optional(),
  pinned: z.boolean().optional(),
});
const enrolSchema = z.strictObject({ eventStartTime: z.string().optional() });

function notesTable(store: Store) {
  return store.collection<Note>('notes', { ownerOf: ({ contactId }) => contactId });
}

export function createContactExtrasModule(services: Services): Module {
  const { store } = services;
  const contacts = contactsTable(store);
  const notes = notesTable(store);
  const enrolments = enrolmentsTable(store);
  const workflows = workflowsTable(store);

  function withContact(call: Call, perform: (contact: Contact) => Answer): Answer {
    const contact = findOwned(contacts, call, call.param('contactId'));
    return contact === undefined ? unknownContact : perform(contact);
  }

  function setTags(before: Contact, tags: readonly string[], nowMs: number): void {
    ensureTags(store, before.locationId, tags);
    const after = contacts.put({ ...before, tags, updatedAtMs: nowMs });
    startByTags(services, before, after);
    tellContactChange(services, before, after);
  }

  function addTags(call: Call<z.output<typeof tagsSchema>>): Answer {
    return withContact(call, (contact) => {
      const tags = [...new Set([...contact.tags, ...call.body.tags.map(tidyTag)])];
      setTags(contact, tags, call.nowMs);
      return succeed({ tags }, 201);
    });
  }

  function removeTags(call: Call<z.output<typeof tagsSchema>>): Answer {
    return withContact(call, (contact) => {
      const gone = new Set(call.body.tags.map(tidyTag));
      const tags = contact.tags.filter((tag) => !gone.has(tag));
      setTags(contact, tags, call.nowMs);
      return succeed({ tags });
    });
  }

  function addNote(call: Call<z.output<typeof noteSchema>>): Answer {
    return withContact(call, ({ id: contactId }) =>
      succeed(
        { note: describeNote(notes.put({ ...call.body, id: createId(), contactId, createdAtMs: call.nowMs })) },
        201,
      ),
    );
  }

  function listNotes(call: Call): Answer {
    return withContact(call, ({ id }) => succeed({ notes: notes.listByOwner(id).map(describeNote) }));
  }

  function enrol(call: Call): Answer {
    return withContact(call, ({ id: contactId }) => {
      const workflow = findOwned(workflows, call, call.param('workflowId'));
      if (workflow === undefined) return badRequest('Workflow not found');
      if (workflow.status !== 'published') return badRequest('The workflow is not published');
      enrolContact(services, contactId, workflow.id);
      return succeed({ succeded: true });
    });
  }

  function leave(call: Call): Answer {
    return withContact(call, ({ id }) => {
      enrolments.remove(`${id}/${call.param('workflowId')}`);
      return succeed({ succeded: true });
    });
  }

  const base = { version: '2021-07-28', security: ['Location-Access'] } as const;
  const tagRoute = { ...base, path: '/contacts/:contactId/tags', scope: 'contacts.write', body: tagsSchema } as const;
  const noteRoute = { ...base, path: '/contacts/:contactId/notes' } as const;
  const workflowRoute = {
    ...base,
    path: '/contacts/:contactId/workflow/:workflowId',
    scope: 'contacts.write',
    body: enrolSchema,
  } as const;
  return {
    routes: [
      defineRoute({ ...tagRoute, method: 'POST', handle: addTags }),
      defineRoute({ ...tagRoute, method: 'DELETE', handle: removeTags }),
      defineRoute({ ...noteRoute, method: 'GET', scope: 'contacts.readonly', handle: listNotes }),
      defineRoute({ ...noteRoute, method: 'POST', scope: 'contacts.write', body: noteSchema, handle: addNote }),
      defineRoute({ ...workflowRoute, method: 'POST', handle: enrol }),
      defineRoute({ ...workflowRoute, method: 'DELETE', handle: leave }),
    ],
  };
}

function describeNote({ createdAtMs, ...note }: Note) {
  return { ...note, dateAdded: new Date(createdAtMs).toISOString() };
}
