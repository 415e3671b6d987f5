// The OAuth endpoints: tokens by code and by refresh, a sub-account's token for the agency's, and where the app is installed.
// A refresh token opens once; within 30 s it answers the same successor again. Access tokens live 86,399 s.

import * as z from 'zod';
import { badRequest, noAccess, succeed, unauthorized } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createToken } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { app, installationsTable, isInstalledIn } from './app-installations.ts';
import { companiesTable } from './companies.ts';
import { locationsTable, type Location } from './locations-table.ts';
import { wholeNumber } from './whole-number.ts';

const VERSION = '2021-07-28';
const CODE_LIFETIME_MS = 600_000;
const REFRESH_LIFETIME_MS = 365 * 86_400_000;
/** A used refresh token is refused either way; it is forgotten after so long. */
const KEPT_USED_MS = 3_600_000;
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

const tokenSchema = z.strictObject({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  grant_type: z.enum(['authorization_code', 'refresh_token', 'client_credentials']),
  code: z.string().optional(),
  refresh_token: z.string().optional(),
  user_type: z.enum(['Company', 'Location']).optional(),
  redirect_uri: z.string().optional(),
});

const locationTokenSchema = z.strictObject({ companyId: z.string().min(1), locationId: z.string().min(1) });

const flag = z.enum(['true', 'false']);
const installedSchema = z.strictObject({
  companyId: z.string().min(1),
  appId: z.string().min(1),
  skip: wholeNumber.default('0'),
  limit: wholeNumber.default(String(DEFAULT_LIMIT)),
  query: z.string().optional(),
  isInstalled: flag.optional(),
  locationId: z.string().optional(),
  versionId: z.string().optional(),
  onTrial: flag.optional(),
  planId: z.string().optional(),
});

export type AuthorizationCode = {
  readonly id: string;
  readonly companyId: string;
  readonly userId: string;
  readonly redirectUri: string;
  readonly createdAtMs: number;
};

type TokenAnswer = Readonly<Record<string, unknown>>;

/** What an app's tokens are for: the company, or one sub-account of it. */
type Holder = { readonly companyId: string; readonly locationId: string | undefined; readonly userId: string };

type RefreshToken = Holder & {
  readonly id: string;
  readonly createdAtMs: number;
  readonly used: { readonly atMs: number; readonly answer: TokenAnswer } | undefined;
};

export function authorizationCodesTable(store: Store) {
  return store.collection<AuthorizationCode>('authorization_codes', {
    ownerOf: ({ companyId }) => companyId,
    dueAtOf: ({ createdAtMs }) => createdAtMs,
    secret: true,
  });
}

export function createOauthModule(services: Services): Module {
  const { store, settings, tokens, credentials } = services;
  const codes = authorizationCodesTable(store);
  const installations = installationsTable(store);
  const locations = locationsTable(store);
  const refreshTokens = store.collection<RefreshToken>('refresh_tokens', {
    ownerOf: ({ companyId }) => companyId,
    dueAtOf: (token) => token.used?.atMs ?? token.createdAtMs + REFRESH_LIFETIME_MS,
    secret: true,
  });

  function grant({ body, nowMs }: Call<z.output<typeof tokenSchema>>): Answer {
    if (body.client_id !== credentials.clientId || body.client_secret !== credentials.clientSecret) {
      return unauthorized('Invalid client credentials');
    }
    if (body.grant_type === 'authorization_code') return grantByCode(body, nowMs);
    if (body.grant_type === 'refresh_token') return grantByRefresh(body.refresh_token, nowMs);
    return badRequest('grant_type client_credentials is not enabled for this app');
  }

  function grantByCode(body: z.output<typeof tokenSchema>, nowMs: number): Answer {
    const code = codes.find(body.code ?? '');
    if (code === undefined || nowMs >= code.createdAtMs + CODE_LIFETIME_MS) return invalidGrant('authorization code');
    codes.remove(code.id);
    for (const { id } of codes.listDue(nowMs - CODE_LIFETIME_MS)) codes.remove(id);
    if (body.redirect_uri !== undefined && body.redirect_uri !== code.redirectUri) return invalidGrant('redirect uri');
    const { companyId, userId } = code;
    return succeed(issueBoth({ companyId, userId, locationId: undefined }, nowMs));
  }

  function grantByRefresh(text: string | undefined, nowMs: number): Answer {
    const token = refreshTokens.find(text ?? '');
    if (token === undefined || nowMs >= token.createdAtMs + REFRESH_LIFETIME_MS) return invalidGrant('refresh token');
    if (token.used !== undefined) {
      const isInGrace = nowMs < token.used.atMs + settings.read().tokens.refreshGraceMs;
      return isInGrace ? succeed(token.used.answer) : invalidGrant('refresh token');
    }
    const { locationId, companyId } = token;
    if (locationId !== undefined && locations.find(locationId) === undefined) {
      return badRequest('Location is not active');
    }
    if (companiesTable(store).find(companyId)?.hasApp !== true) return invalidGrant('refresh token');
    const answer = issueBoth(token, nowMs);
    refreshTokens.put({ ...token, used: { atMs: nowMs, answer } });
    return succeed(answer);
  }

  function issueBoth(holder: Holder, nowMs: number): TokenAnswer {
    const refresh = issueRefresh(holder, nowMs);
    return { ...issueAccess(holder, nowMs), refresh_token: refresh.id };
  }

  function issueRefresh({ companyId, locationId, userId }: Holder, nowMs: number): RefreshToken {
    const forgottenMs = nowMs - Math.max(settings.read().tokens.refreshGraceMs, KEPT_USED_MS);
    for (const { id } of refreshTokens.listDue(forgottenMs)) refreshTokens.remove(id);
    const id = createToken('refresh');
    return refreshTokens.put({ id, companyId, locationId, userId, createdAtMs: nowMs, used: undefined });
  }

  function issueAccess({ companyId, locationId, userId }: Holder, nowMs: number): TokenAnswer {
    const kind = locationId === undefined ? ('agency-oauth' as const) : ('location-oauth' as const);
    const issued = tokens.issue({ kind, companyId, locationId, userId, appId: app.id, scopes: app.scopes }, nowMs);
    const { tokens: lifetimes, app: rule } = settings.read();
    const answer = {
      access_token: issued.id,
      token_type: 'Bearer',
      expires_in: lifetimes.accessTokenSeconds,
      scope: app.scopes.join(' '),
      companyId,
      userId,
    };
    if (locationId !== undefined) return { ...answer, userType: 'Location', locationId };
    const { installToFutureLocations } = rule;
    return { ...answer, userType: 'Company', isBulkInstallation: true, installToFutureLocations };
  }

  function grantForLocation({ body, token, nowMs }: Call<z.output<typeof locationTokenSchema>>): Answer {
    const location = locations.find(body.locationId);
    if (body.companyId !== token.companyId) return noAccess;
    if (location === undefined) return badRequest('Location not found');
    if (!isInstalledIn(store, location.id, nowMs)) return badRequest('The app is not installed on this location');
    const holder = { companyId: token.companyId, locationId: location.id, userId: token.userId };
    const answer = { ...issueBoth(holder, nowMs), appId: app.id, versionId: app.versionId };
    return succeed(answer);
  }

  function listInstalled({ query, token, nowMs }: Call<unknown, z.output<typeof installedSchema>>): Answer {
    if (query.companyId !== token.companyId) return noAccess;
    if (query.appId !== app.id) return badRequest('App not found');
    const limit = Number(query.limit);
    if (limit < 1 || limit > MAX_LIMIT) return badRequest(`limit must be between 1 and ${MAX_LIMIT}`);
    const skip = Number(query.skip);
    const { installToFutureLocations } = settings.read().app;
    if (isUnfiltered(query)) {
      const page = locations.page(query.companyId, { skip, limit });
      const count = locations.countByOwner(query.companyId);
      const described = page.map((location) => describeInstalled(location, nowMs));
      return succeed({ locations: described, count, installToFutureLocations });
    }
    const described = listCandidates(query.companyId, query.locationId)
      .filter(({ name }) => name.toLowerCase().includes((query.query ?? '').toLowerCase()))
      .map((location) => describeInstalled(location, nowMs))
      .filter(({ isInstalled }) => query.isInstalled === undefined || String(isInstalled) === query.isInstalled);
    const page = described.slice(skip, skip + limit);
    return succeed({ locations: page, count: described.length, installToFutureLocations });
  }

  function listCandidates(companyId: string, locationId: string | undefined): Location[] {
    if (locationId === undefined) return locations.listByOwner(companyId);
    const location = locations.find(locationId);
    return location?.companyId === companyId ? [location] : [];
  }

  function describeInstalled({ id, name, address, city, state, postalCode }: Location, nowMs: number) {
    const shown = { _id: id, name, address: [address, city, state, postalCode].filter(Boolean).join(', ') };
    const installation = installations.find(id);
    if (installation === undefined || installation.installedAtMs > nowMs) return { ...shown, isInstalled: false };
    const installedAt = new Date(installation.installedAtMs).toISOString();
    return { ...shown, isInstalled: true, versionId: app.versionId, installedAt };
  }

  return {
    routes: [
      defineRoute({
        method: 'POST',
        path: '/oauth/token',
        version: null,
        security: [],
        body: tokenSchema,
        bodyKind: 'form',
        handle: grant,
      }),
      defineRoute({
        method: 'POST',
        path: '/oauth/locationToken',
        version: VERSION,
        security: ['Agency-Access-Only'],
        scope: 'oauth.write',
        body: locationTokenSchema,
        bodyKind: 'form',
        handle: grantForLocation,
      }),
      defineRoute({
        method: 'GET',
        path: '/oauth/installedLocations',
        version: VERSION,
        security: ['Agency-Access-Only'],
        scope: 'oauth.readonly',
        query: installedSchema,
        handle: listInstalled,
      }),
    ],
  };
}

/** The whole of the company's list is looked at only where something is filtered. */
function isUnfiltered(query: z.output<typeof installedSchema>): boolean {
  return query.query === undefined && query.isInstalled === undefined && query.locationId === undefined;
}

/** The words are not documented; the status is. */
function invalidGrant(what: string): Answer {
  return badRequest(`Invalid grant: ${what} is invalid`);
}
