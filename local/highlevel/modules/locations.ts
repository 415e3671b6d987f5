// Sub-accounts: create, search, get, update, delete, and the time zones. There is no idempotency key, no external id and nothing
// unique: two creates are two sub-accounts, and the e-mail address is the only thing to search by.

import * as z from 'zod';
import { badRequest, noAccess, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import { installInNewLocation, installationsTable } from './app-installations.ts';
import { countries } from './countries.ts';
import { locationsTable, type Location } from './locations-table.ts';
import { requestSnapshotLoad, snapshotsTable } from './snapshot-loads.ts';
import { isTimezone, timezones } from './timezones.ts';
import { wholeNumber } from './whole-number.ts';

const VERSION = '2021-07-28';
const DEFAULT_LIMIT = 10;
const PRO_PLAN = 'agency_monthly_497';

const text = z.string().min(1).max(1000);
const flag = z.boolean().default(false);

const socialNetworks =
  'facebookUrl googlePlus linkedIn foursquare twitter yelp instagram youtube pinterest blogRss googlePlacesId'.split(
    ' ',
  );

const fields = {
  phone: text,
  address: text,
  city: text,
  state: text,
  country: z.enum(countries),
  postalCode: text,
  website: text,
  timezone: text.refine(isTimezone, 'is not a valid time zone'),
  prospectInfo: z.strictObject({ firstName: text, lastName: text, email: z.email() }),
  settings: z.strictObject({
    allowDuplicateContact: flag,
    allowDuplicateOpportunity: flag,
    allowFacebookNameMerge: flag,
    disableContactTimezone: flag,
  }),
  social: z.strictObject(Object.fromEntries(socialNetworks.map((name) => [name, z.string().optional()]))),
  twilio: z.strictObject({ sid: text, authToken: text }),
  mailgun: z.strictObject({ apiKey: text, domain: text }),
};

const changesSchema = z.strictObject(fields).partial();
const createSchema = changesSchema.extend({ name: text, companyId: text, snapshotId: text.optional() });
const updateSchema = changesSchema.extend({
  companyId: text,
  name: text.optional(),
  snapshot: z.strictObject({ id: text, override: flag }).optional(),
});

const searchSchema = z.strictObject({
  companyId: z.string().optional(),
  skip: wholeNumber.default('0'),
  limit: wholeNumber.default(String(DEFAULT_LIMIT)),
  order: z.enum(['asc', 'desc']).default('asc'),
  email: z.string().optional(),
});

type Changes = z.output<typeof changesSchema>;

export function createLocationsModule(services: Services, listModules: () => readonly Module[]): Module {
  const { store, settings, tokens, emit } = services;
  const locations = locationsTable(store);
  const snapshots = snapshotsTable(store);

  function create({ body, token, nowMs }: Call<z.output<typeof createSchema>>): Answer {
    const { name, companyId, snapshotId, ...changes } = body;
    if (companyId !== token.companyId) return noAccess;
    if (settings.read().company.plan !== PRO_PLAN) return badRequest('Your plan does not allow sub-accounts by API.');
    if (snapshotId !== undefined && snapshots.find(snapshotId) === undefined) return badRequest('Snapshot not found');
    const blank = { id: createId(), companyId, name, settings: noSettings, social: {}, createdAtMs: nowMs };
    const location = locations.put(applyChanges(blank, changes));
    if (snapshotId !== undefined) {
      requestSnapshotLoad(services, { snapshotId, locationId: location.id, companyId, override: false }, nowMs);
    }
    installInNewLocation(services, location, nowMs);
    emit({ type: 'LocationCreate', audience: 'agency-app', payload: describeForWebhook(location) });
    return { status: settings.read().locations.createStatus, json: describeBriefly(location) };
  }

  function search({ query, token, visibleUntilMs }: Call<unknown, z.output<typeof searchSchema>>): Answer {
    const limit = Number(query.limit);
    const { searchMaxLimit } = settings.read().locations;
    if (limit < 1 || limit > searchMaxLimit) return badRequest(`limit must be between 1 and ${searchMaxLimit}`);
    if (query.companyId !== undefined && query.companyId !== token.companyId) return noAccess;
    const page = { skip: Number(query.skip), limit, order: query.order };
    const found = query.email === undefined ? listPage(token, page) : findByEmail(token, query.email, page);
    const visible = found.filter(({ createdAtMs }) => createdAtMs <= visibleUntilMs);
    return succeed({ locations: visible.map(describeInSearch) });
  }

  function listPage(token: Call['token'], page: Page): Location[] {
    if (token.locationId === undefined) return locations.page(token.companyId, page);
    const own = locations.find(token.locationId);
    return own === undefined ? [] : [own].slice(page.skip, page.skip + page.limit);
  }

  function findByEmail(token: Call['token'], email: string, { skip, limit, order }: Page): Location[] {
    const matching = locations
      .listByKey(email.toLowerCase())
      .filter(({ id, companyId }) => companyId === token.companyId && (token.locationId ?? id) === id);
    return (order === 'desc' ? matching.toReversed() : matching).slice(skip, skip + limit);
  }

  function get({ locationId }: Call): Answer {
    const location = locations.find(locationId);
    return location === undefined ? unknownLocation : succeed({ location: describeFully(location) });
  }

  function update({ body, token, locationId, nowMs }: Call<z.output<typeof updateSchema>>): Answer {
    const { companyId, name, snapshot, ...changes } = body;
    const known = locations.find(locationId);
    if (known === undefined) return unknownLocation;
    if (companyId !== token.companyId) return noAccess;
    if (snapshot !== undefined && snapshots.find(snapshot.id) === undefined) return badRequest('Snapshot not found');
    const location = locations.put(applyChanges({ ...known, name: name ?? known.name }, changes));
    if (snapshot !== undefined) {
      const { id: snapshotId, override } = snapshot;
      requestSnapshotLoad(services, { snapshotId, locationId, companyId, override }, nowMs);
    }
    emit({ type: 'LocationUpdate', audience: 'agency-app', payload: describeForWebhook(location) });
    return succeed(describeBriefly(location));
  }

  /** HighLevel tells no webhook of it. */
  function remove({ locationId }: Call): Answer {
    if (!locations.remove(locationId)) return unknownLocation;
    tokens.revokeOfLocation(locationId);
    installationsTable(store).removeByOwner(locationId);
    for (const { removeLocation } of listModules()) removeLocation?.(locationId);
    return succeed({ success: true, message: `Deleted location with id: ${locationId}` });
  }

  return {
    routes: [
      defineRoute({
        method: 'POST',
        path: '/locations/',
        version: VERSION,
        security: ['Agency-Access'],
        scope: 'locations.write',
        body: createSchema,
        handle: create,
      }),
      defineRoute({
        method: 'GET',
        path: '/locations/search',
        version: VERSION,
        security: ['Agency-Access', 'Location-Access'],
        scope: 'locations.readonly',
        query: searchSchema,
        handle: search,
      }),
      defineRoute({
        method: 'GET',
        path: '/locations/:locationId',
        version: VERSION,
        security: ['Agency-Access', 'Location-Access'],
        scope: 'locations.readonly',
        handle: get,
      }),
      defineRoute({
        method: 'PUT',
        path: '/locations/:locationId',
        version: VERSION,
        security: ['Agency-Access'],
        scope: 'locations.write',
        body: updateSchema,
        handle: update,
      }),
      defineRoute({
        method: 'DELETE',
        path: '/locations/:locationId',
        version: VERSION,
        security: ['Agency-Access'],
        // The OpenAPI document says `locations.internal-access-only`, the page on scopes says this. A fault refuses it.
        scope: 'locations.write',
        query: z.strictObject({ deleteTwilioAccount: z.enum(['true', 'false']) }),
        handle: remove,
      }),
      defineRoute({
        method: 'GET',
        path: '/locations/:locationId/timezones',
        version: VERSION,
        security: ['Location-Access'],
        scope: 'locations.readonly',
        handle: () => succeed({ timeZones: timezones }),
      }),
    ],
  };
}

type Page = { readonly skip: number; readonly limit: number; readonly order: 'asc' | 'desc' };

const unknownLocation = badRequest('Location not found');

const noSettings = {
  allowDuplicateContact: false,
  allowDuplicateOpportunity: false,
  allowFacebookNameMerge: false,
  disableContactTimezone: false,
};

/** What the body does not name stays as it was. Credentials of other services are taken and not kept. */
function applyChanges(location: Location, changes: Changes): Location {
  const { prospectInfo, twilio: _, mailgun: __, social, ...rest } = changes;
  const named = Object.fromEntries(Object.entries(social ?? {}).filter(([, value]) => value !== undefined));
  return {
    ...location,
    ...rest,
    ...prospectInfo,
    settings: changes.settings ?? location.settings,
    social: { ...location.social, ...(named as Record<string, string>) },
  };
}

function describeInSearch(location: Location) {
  const { companyId: _, firstName: __, lastName: ___, createdAtMs: ____, ...shown } = location;
  return shown;
}

/** As create and update answer: neither the snapshot nor a job is named. */
function describeBriefly(location: Location) {
  return { ...describeInSearch(location), companyId: location.companyId };
}

function describeFully(location: Location) {
  const { name, address, city, state, country, postalCode, website, timezone, firstName, lastName } = location;
  const business = { name, address, city, state, country, postalCode, website, timezone };
  return { ...describeBriefly(location), firstName, lastName, business };
}

function describeForWebhook({ id, companyId, name, email }: Location) {
  return { id, companyId, name, email };
}
