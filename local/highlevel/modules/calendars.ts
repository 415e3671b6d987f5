// Calendars. Connecting Google or Outlook to one takes a person's consent in HighLevel's pages: no call does it.

import * as z from 'zod';
import { badRequest, succeed, unprocessable } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { createCalendarSchema, updateCalendarSchema } from './calendar-fields.ts';
import { calendarGroupsTable } from './calendar-groups.ts';
import { findOwned } from './find-owned.ts';
import { loadAssets, type LocationAsset } from './load-assets.ts';
import { usersTable } from './users.ts';

export type Calendar = LocationAsset &
  Omit<z.output<typeof createCalendarSchema>, 'locationId' | 'name'> & {
    readonly slug: string;
    readonly isActive: boolean;
    /** A snapshot brings none: users are not carried. */
    readonly teamMembers: readonly { readonly userId: string }[];
    readonly createdAtMs: number;
  };

const listSchema = z.strictObject({
  locationId: z.string().min(1),
  groupId: z.string().optional(),
  showDrafted: z.enum(['true', 'false']).optional(),
});

function calendarsTable(store: Store) {
  return store.collection<Calendar>('calendars', { ownerOf: ({ locationId }) => locationId });
}

export function createCalendarsModule({ store, clock }: Services): Module {
  const calendars = calendarsTable(store);
  const groups = calendarGroupsTable(store);
  const users = usersTable(store);

  /** A team's members work in the sub-account, and a calendar is in a group of its own sub-account. */
  function refuse(body: z.output<typeof updateCalendarSchema>, locationId: string): Answer | undefined {
    const stranger = body.teamMembers?.find(
      ({ userId }) => users.find(userId)?.locationIds.includes(locationId) !== true,
    );
    if (stranger !== undefined) return badRequest(`User ${stranger.userId} is not a user of this location`);
    const isForeign = body.groupId !== undefined && groups.find(body.groupId)?.locationId !== locationId;
    return isForeign ? badRequest('Group not found') : undefined;
  }

  function isTaken(slug: string, { locationId, id }: { locationId: string; id?: string }): boolean {
    return calendars.listByOwner(locationId).some((known) => known.slug === slug && known.id !== id);
  }

  function create({ body, nowMs }: Call<z.output<typeof createCalendarSchema>>): Answer {
    const { locationId } = body;
    const refusal = refuse(body, locationId);
    if (refusal !== undefined) return refusal;
    const id = createId();
    const slug = body.slug ?? makeSlug(body.name, id);
    if (isTaken(slug, { locationId })) return unprocessable(['The slug is already taken']);
    const { calendarType = 'event', isActive = true, teamMembers = [], widgetSlug = slug } = body;
    const made = { ...body, id, slug, widgetSlug, calendarType, isActive, teamMembers, createdAtMs: nowMs };
    return succeed({ calendar: describeCalendar(calendars.put(made)) });
  }

  function update(call: Call<z.output<typeof updateCalendarSchema>>): Answer {
    const known = findOwned(calendars, call, call.param('calendarId'));
    if (known === undefined) return unknownCalendar;
    const { body, locationId } = call;
    const refusal = refuse(body, locationId);
    if (refusal !== undefined) return refusal;
    const { slug = known.slug } = body;
    if (isTaken(slug, known)) return unprocessable(['The slug is already taken']);
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    return succeed({ calendar: describeCalendar(calendars.put({ ...known, ...given })) });
  }

  function list({ locationId, query, visibleUntilMs }: Call<unknown, z.output<typeof listSchema>>): Answer {
    const found = calendars
      .listByOwner(locationId)
      .filter(
        ({ groupId, isActive, createdAtMs }) =>
          createdAtMs <= visibleUntilMs &&
          (query.groupId ?? groupId) === groupId &&
          (isActive || query.showDrafted !== 'false'),
      );
    return succeed({ calendars: found.map(describeCalendar) });
  }

  function get(call: Call): Answer {
    const known = findOwned(calendars, call, call.param('calendarId'));
    return known === undefined ? unknownCalendar : succeed({ calendar: describeCalendar(known) });
  }

  function remove(call: Call): Answer {
    const known = findOwned(calendars, call, call.param('calendarId'));
    return known !== undefined && calendars.remove(known.id) ? succeed({ success: true }) : unknownCalendar;
  }

  const all = { version: '2021-04-15', security: ['Location-Access'], path: '/calendars/' } as const;
  const one = { ...all, path: '/calendars/:calendarId' } as const;
  const reading = { scope: 'calendars.readonly' };
  const writing = { scope: 'calendars.write' };
  return {
    routes: [
      defineRoute({ ...all, ...reading, method: 'GET', query: listSchema, handle: list }),
      defineRoute({ ...all, ...writing, method: 'POST', body: createCalendarSchema, handle: create }),
      defineRoute({ ...one, ...reading, method: 'GET', handle: get }),
      defineRoute({ ...one, ...writing, method: 'PUT', body: updateCalendarSchema, handle: update }),
      defineRoute({ ...one, ...writing, method: 'DELETE', handle: remove }),
    ],
    snapshotParts: [
      {
        name: 'calendars',
        load: (assets, into) =>
          loadAssets(calendars, { assets, into }, (asset, known): Calendar => {
            const id = known?.id ?? createId();
            const slug = known?.slug ?? makeSlug(asset.name, id);
            return {
              id,
              locationId: into.locationId,
              name: asset.name,
              description: String(asset['description'] ?? ''),
              slug,
              widgetSlug: slug,
              calendarType: 'round_robin',
              isActive: true,
              slotDuration: Number(asset['slotDuration'] ?? 30),
              slotDurationUnit: 'mins',
              teamMembers: known?.teamMembers ?? [],
              createdAtMs: known?.createdAtMs ?? clock.nowMs(),
            };
          }),
      },
    ],
    removeLocation: calendars.removeByOwner,
  };
}

const unknownCalendar = badRequest('Calendar not found');

/** Slugs share one address space, so the id makes one unique. */
function makeSlug(name: string, id: string): string {
  return `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${id.toLowerCase()}`;
}

function describeCalendar(calendar: Calendar) {
  const { origin: _, createdAtMs: __, ...shown } = calendar;
  return shown;
}
