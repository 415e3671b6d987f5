// Users: create, get, search, filter by e-mail, update, delete. An address belongs to one user of the company, who may work in
// several sub-accounts.

import * as z from 'zod';
import { badRequest, noAccess, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { locationsTable } from './locations-table.ts';
import { omitUndefined } from './omit-undefined.ts';
import { permissionNames, platformLanguages, userScopes } from './user-vocabulary.ts';
import { wholeNumber } from './whole-number.ts';

const VERSION = '2021-07-28';
const MAX_LIMIT = 100;

export type User = {
  readonly id: string;
  readonly companyId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone?: string | undefined;
  readonly type: 'account' | 'agency';
  readonly role: 'admin' | 'user';
  readonly locationIds: readonly string[];
  readonly permissions: Readonly<Record<string, boolean | undefined>>;
  readonly scopes: readonly string[];
  readonly platformLanguage?: string | undefined;
  readonly createdAtMs: number;
};

const text = z.string().min(1).max(500);

/** The rule that HighLevel's v3 document spells out; the password itself is not kept. */
const password = z
  .string()
  .min(12, 'must have at least 12 characters')
  .regex(/(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^A-Za-z0-9])/, 'needs a small letter, a capital, a digit and a sign');

const fields = {
  firstName: text,
  lastName: text,
  email: z.email(),
  password,
  type: z.enum(['account', 'agency']),
  role: z.enum(['admin', 'user']),
  companyId: text,
  locationIds: z.array(text).max(1000),
};
const optionalFields = {
  phone: text.optional(),
  permissions: z
    .strictObject(Object.fromEntries(permissionNames.map((name) => [name, z.boolean().optional()])))
    .optional(),
  scopes: z.array(z.enum(userScopes)).optional(),
  scopesAssignedToOnly: z.array(z.enum(userScopes)).optional(),
  profilePhoto: text.optional(),
  twilioPhone: z.record(z.string(), z.string()).optional(),
  platformLanguage: z.enum(platformLanguages).optional(),
};

const createSchema = z.strictObject({ ...fields, ...optionalFields });
const updateSchema = z.strictObject(fields).partial().extend(optionalFields);

const searchSchema = z.strictObject({
  companyId: text,
  query: z.string().optional(),
  skip: wholeNumber.default('0'),
  limit: wholeNumber.default('25'),
  locationId: z.string().optional(),
  type: z.string().optional(),
  role: z.string().optional(),
  ids: z.string().optional(),
  sort: z.string().optional(),
  sortDirection: z.enum(['asc', 'desc']).optional(),
  enabled2waySync: z.enum(['true', 'false']).optional(),
});
const filterSchema = z.strictObject({
  companyId: text,
  emails: text,
  deleted: z.boolean().default(false),
  skip: wholeNumber.default('0'),
  limit: wholeNumber.default('25'),
  projection: z.string().optional(),
});

export function usersTable(store: Store) {
  return store.collection<User>('users', {
    ownerOf: ({ companyId }) => companyId,
    keyOf: ({ email }) => email.toLowerCase(),
  });
}

export function createUsersModule({ store }: Services): Module {
  const users = usersTable(store);
  const locations = locationsTable(store);

  function create({ body, token, nowMs }: Call<z.output<typeof createSchema>>): Answer {
    const { password: _, scopesAssignedToOnly: __, profilePhoto: ___, twilioPhone: ____, ...kept } = body;
    const refusal = refuseLocations(token, body.companyId, body.locationIds);
    if (refusal !== undefined) return refusal;
    if (findByEmail(body.companyId, body.email) !== undefined) return badRequest('User with this email already exists');
    const { permissions = {}, scopes = [] } = kept;
    const user = { ...kept, permissions, scopes, id: createId(), createdAtMs: nowMs };
    return succeed(describeUser(users.put(user)), 201);
  }

  /** A sub-account's token makes users of that sub-account only. */
  function refuseLocations(token: Call['token'], companyId: string, locationIds: readonly string[]) {
    if (companyId !== token.companyId) return noAccess;
    if (token.locationId !== undefined && locationIds.some((id) => id !== token.locationId)) return noAccess;
    const unknown = locationIds.find((id) => locations.find(id)?.companyId !== companyId);
    return unknown === undefined ? undefined : badRequest(`Location ${unknown} not found`);
  }

  function findByEmail(companyId: string, email: string): User | undefined {
    return users.listByKey(email.toLowerCase()).find((user) => user.companyId === companyId);
  }

  function findVisible(id: string, token: Call['token']): User | undefined {
    const user = users.find(id);
    if (user === undefined || user.companyId !== token.companyId) return undefined;
    return token.locationId === undefined || user.locationIds.includes(token.locationId) ? user : undefined;
  }

  function search({ query, token, locationId, visibleUntilMs }: Call<unknown, z.output<typeof searchSchema>>): Answer {
    if (query.companyId !== token.companyId) return noAccess;
    const limit = Number(query.limit);
    if (limit < 1 || limit > MAX_LIMIT) return badRequest(`limit must be between 1 and ${MAX_LIMIT}`);
    const words = (query.query ?? '').toLowerCase();
    const ids = query.ids?.split(',');
    const matching = users
      .listByOwner(query.companyId)
      .filter(
        (user) =>
          user.createdAtMs <= visibleUntilMs &&
          (locationId === '' || user.locationIds.includes(locationId)) &&
          (query.type ?? user.type) === user.type &&
          (query.role ?? user.role) === user.role &&
          (ids === undefined || ids.includes(user.id)) &&
          [user.firstName, user.lastName, user.email, user.phone].join(' ').toLowerCase().includes(words),
      );
    const ordered = query.sortDirection === 'desc' ? matching.toReversed() : matching;
    const skip = Number(query.skip);
    return succeed({ users: ordered.slice(skip, skip + limit).map(describeUser), count: matching.length });
  }

  /** Answers ids and addresses only, unless all fields are asked for. */
  function filterByEmail({ body, token, visibleUntilMs }: Call<z.output<typeof filterSchema>>): Answer {
    if (body.companyId !== token.companyId) return noAccess;
    const emails = body.emails.split(',').map((email) => email.trim());
    const found = emails
      .flatMap((email) => findByEmail(body.companyId, email) ?? [])
      .filter(({ createdAtMs }) => !body.deleted && createdAtMs <= visibleUntilMs);
    const page = found.slice(Number(body.skip), Number(body.skip) + Number(body.limit));
    const isWhole = body.projection === 'all';
    const shown = page.map((user) => (isWhole ? describeUser(user) : { id: user.id, email: user.email }));
    return succeed({ users: shown, count: found.length });
  }

  function get({ param, token }: Call): Answer {
    const user = findVisible(param('userId'), token);
    return user === undefined ? unknownUser : succeed(describeUser(user));
  }

  /** A list that is given replaces the one before. */
  function update({ param, body, token }: Call<z.output<typeof updateSchema>>): Answer {
    const user = findVisible(param('userId'), token);
    if (user === undefined) return unknownUser;
    if (body.email !== undefined && body.email.toLowerCase() !== user.email.toLowerCase()) {
      return badRequest('Updating the email is no longer supported');
    }
    const added = (body.locationIds ?? []).filter((id) => !user.locationIds.includes(id));
    const refusal = refuseLocations(token, body.companyId ?? user.companyId, added);
    if (refusal !== undefined) return refusal;
    const { password: _, scopesAssignedToOnly: __, profilePhoto: ___, twilioPhone: ____, ...changes } = body;
    return succeed(describeUser(users.put({ ...user, ...omitUndefined(changes), email: user.email })));
  }

  function remove({ param, token }: Call): Answer {
    const user = findVisible(param('userId'), token);
    if (user === undefined) return unknownUser;
    users.remove(user.id);
    const message = `Queued deleting user with e-mail ${user.email} and name ${user.firstName} ${user.lastName}. Will take effect in a few minutes.`;
    return succeed({ succeded: true, message });
  }

  const base = { version: VERSION, security: ['Agency-Access', 'Location-Access'] } as const;
  const reading = { ...base, scope: 'users.readonly' };
  const writing = { ...base, scope: 'users.write' };
  return {
    routes: [
      defineRoute({ ...writing, method: 'POST', path: '/users/', body: createSchema, handle: create }),
      defineRoute({ ...reading, method: 'GET', path: '/users/search', query: searchSchema, handle: search }),
      defineRoute({
        ...reading,
        method: 'POST',
        path: '/users/search/filter-by-email',
        security: ['Agency-Access'],
        body: filterSchema,
        handle: filterByEmail,
      }),
      defineRoute({ ...reading, method: 'GET', path: '/users/:userId', handle: get }),
      defineRoute({ ...writing, method: 'PUT', path: '/users/:userId', body: updateSchema, handle: update }),
      defineRoute({ ...writing, method: 'DELETE', path: '/users/:userId', handle: remove }),
    ],
    removeLocation(locationId) {
      for (const user of users.listAll().filter(({ locationIds }) => locationIds.includes(locationId))) {
        users.put({ ...user, locationIds: user.locationIds.filter((id) => id !== locationId) });
      }
    },
  };
}

const unknownUser = badRequest('User not found');

function describeUser(user: User) {
  const { id, firstName, lastName, email, phone, permissions, scopes, platformLanguage, type, role, locationIds } =
    user;
  const roles = { type, role, locationIds };
  const name = `${firstName} ${lastName}`;
  return { id, name, firstName, lastName, email, phone, permissions, scopes, roles, platformLanguage };
}
