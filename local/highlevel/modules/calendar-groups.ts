// Groups of calendars, with one booking page for each.

import * as z from 'zod';
import { badRequest, succeed, unprocessable } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { findOwned } from './find-owned.ts';

type CalendarGroup = {
  readonly id: string;
  readonly locationId: string;
  readonly name: string;
  readonly description: string;
  readonly slug: string;
  readonly isActive: boolean;
};

const text = z.string().min(1).max(500);
const fields = { name: text, description: z.string().max(5000), slug: text };
const createSchema = z.strictObject({ locationId: text, ...fields, isActive: z.boolean().optional() });
const updateSchema = z.strictObject(fields);
const statusSchema = z.strictObject({ isActive: z.boolean() });
const slugSchema = z.strictObject({ locationId: text, slug: text });
const listSchema = z.strictObject({ locationId: text });

export function calendarGroupsTable(store: Store) {
  return store.collection<CalendarGroup>('calendar_groups', { ownerOf: ({ locationId }) => locationId });
}

export function createCalendarGroupsModule({ store }: Services): Module {
  const groups = calendarGroupsTable(store);

  function isTaken(slug: string, { locationId, id }: { locationId: string; id?: string }): boolean {
    return groups.listByOwner(locationId).some((known) => known.slug === slug && known.id !== id);
  }

  function create({ body }: Call<z.output<typeof createSchema>>): Answer {
    if (isTaken(body.slug, body)) return unprocessable(['The slug is already taken']);
    return succeed({ group: groups.put({ ...body, id: createId(), isActive: body.isActive ?? true }) }, 201);
  }

  function update(call: Call<z.output<typeof updateSchema>>): Answer {
    const known = findOwned(groups, call, call.param('groupId'));
    if (known === undefined) return unknownGroup;
    if (isTaken(call.body.slug, known)) return unprocessable(['The slug is already taken']);
    return succeed({ group: groups.put({ ...known, ...call.body }) });
  }

  function setStatus(call: Call<z.output<typeof statusSchema>>): Answer {
    const known = findOwned(groups, call, call.param('groupId'));
    if (known === undefined) return unknownGroup;
    groups.put({ ...known, ...call.body });
    return succeed({ success: true });
  }

  function remove(call: Call): Answer {
    const known = findOwned(groups, call, call.param('groupId'));
    return known !== undefined && groups.remove(known.id) ? succeed({ success: true }) : unknownGroup;
  }

  const all = { version: '2021-04-15', security: ['Location-Access'], path: '/calendars/groups' } as const;
  const one = { ...all, path: '/calendars/groups/:groupId' } as const;
  const writing = { scope: 'calendars/groups.write' };
  return {
    routes: [
      defineRoute({
        ...all,
        method: 'GET',
        scope: 'calendars/groups.readonly',
        query: listSchema,
        handle: ({ locationId }) => succeed({ groups: groups.listByOwner(locationId) }),
      }),
      defineRoute({ ...all, ...writing, method: 'POST', body: createSchema, handle: create }),
      defineRoute({
        ...all,
        ...writing,
        method: 'POST',
        path: '/calendars/groups/validate-slug',
        body: slugSchema,
        handle: ({ body }) => succeed({ available: !isTaken(body.slug, body) }),
      }),
      defineRoute({ ...one, ...writing, method: 'PUT', body: updateSchema, handle: update }),
      defineRoute({
        ...one,
        ...writing,
        method: 'PUT',
        path: '/calendars/groups/:groupId/status',
        body: statusSchema,
        handle: setStatus,
      }),
      defineRoute({ ...one, ...writing, method: 'DELETE', handle: remove }),
    ],
    removeLocation: groups.removeByOwner,
  };
}

const unknownGroup = badRequest('Group not found');
