// What tests and people ask of the sandbox itself, under /__sandbox. No token is needed: it listens on loopback only.

import * as z from 'zod';
import { faultSchema } from '../faults.ts';
import { describeIssues } from '../http/describe-issues.ts';
import type { RawRequest } from '../http/answer-call.ts';
import type { Page, PageAnswerer } from '../http/listener.ts';
import { createToken } from '../identifiers.ts';
import { app } from '../modules/app-installations.ts';
import { locationsTable } from '../modules/locations-table.ts';
import type { Module, Services } from '../services.ts';
import { brandIds } from './brand.ts';
import type { Deliverer } from '../webhooks/deliverer.ts';
import { toPublicKeyPem } from '../webhooks/signing.ts';
import type { WebhookQueue } from '../webhooks/webhook-queue.ts';
import { seedBrand, seedLocations } from './seed.ts';

const PREFIX = '/__sandbox/';
const MAX_SEEDED = 10_000;
const DEFAULT_LOGGED = 100;
const MAX_LOGGED = 10_000;
/** Of all budgets together. */
const SHOWN_WINDOWS = 20_000;

const seedSchema = z.strictObject({ locations: z.int().positive().max(MAX_SEEDED) });
const expireSchema = z.strictObject({ locationId: z.string().optional() });
const tokenSchema = z.strictObject({ locationId: z.string(), scopes: z.array(z.string()).readonly().optional() });
const emitSchema = z.strictObject({
  type: z.string().min(1),
  audience: z.enum(['app', 'agency-app']).default('app'),
  payload: z.record(z.string(), z.unknown()).default({}),
});
const logSchema = z.object({ limit: z.coerce.number().int().min(1).max(MAX_LOGGED).default(DEFAULT_LOGGED) });

type Parts = {
  readonly services: Services;
  readonly modules: readonly Module[];
  readonly queue: WebhookQueue;
  readonly deliverer: Deliverer;
};

type Handler = (body: unknown, request: RawRequest) => { readonly status: number; readonly json: unknown };

export function createAdminPages({ services, modules, queue, deliverer }: Parts): PageAnswerer {
  const { store, clock, settings, tokens, faults, rateLimits, requestLog } = services;

  const publicKey = toPublicKeyPem(services.credentials.signingKey);

  function reset(): unknown {
    for (const collection of store.listCollections()) collection.clear();
    requestLog.clear();
    rateLimits.clear();
    queue.clear();
    seedBrand(services, modules);
    return describe();
  }

  function describe() {
    const { company: companyId, template: templateLocationId, snapshot: snapshotId } = brandIds;
    const counts = store.listCollections().map(({ name, count }) => [name, count()] as const);
    return { companyId, templateLocationId, snapshotId, app, counts: Object.fromEntries(counts) };
  }

  function exportAll() {
    const shown = store.listCollections().filter(({ secret }) => !secret);
    return Object.fromEntries(shown.map(({ name, listAll }) => [name, listAll()]));
  }

  /** Calls by status, route and bucket, and how each window of each budget was used. */
  function summarize() {
    const windows = Object.groupBy(rateLimits.listWindows(SHOWN_WINDOWS), ({ bucket }) => bucket);
    const described = Object.entries(windows).map(([bucket, list = []]) => [
      bucket,
      list.map(({ startedAtMs, used, refused }) => ({ startedAtMs, used, refused })),
    ]);
    return { ...requestLog.summarize(), windows: Object.fromEntries(described) as unknown };
  }

  /** A private integration token of one sub-account, which an admin would make in its settings. */
  function issueLocationToken({ locationId, scopes = app.scopes }: z.output<typeof tokenSchema>) {
    const location = locationsTable(store).find(locationId);
    if (location === undefined) return refuse([`there is no sub-account ${locationId}`]);
    const holder = { companyId: location.companyId, locationId, appId: undefined, userId: brandIds.owner };
    const token = tokens.put({ ...holder, id: createToken('access'), kind: 'location-pit', scopes, expiresAtMs: null });
    return { status: 201, json: { token: token.id } };
  }

  const handlers: Readonly<Record<string, Handler>> = {
    'GET state': () => done(describe()),
    'POST reset': () => done(reset()),
    'POST seed': parsed(seedSchema, ({ locations }) =>
      done({ locationIds: seedLocations(services, modules, locations) }),
    ),
    'GET export': () => done(exportAll()),
    'GET settings': () => done(settings.read()),
    'PATCH settings': (body) => {
      const changed = settings.change(body);
      return changed.success ? done(changed.data) : refuse(describeIssues(changed.error));
    },
    'GET faults': () => done(faults.list()),
    'POST faults': parsed(faultSchema, (fault) => ({ status: 201, json: faults.add(fault) })),
    'DELETE faults': () => {
      faults.clear();
      return done({});
    },
    'GET requests': (_, { query }) => {
      const parsed = logSchema.safeParse(Object.fromEntries(query));
      return parsed.success ? done(requestLog.listLatest(parsed.data.limit)) : refuse(describeIssues(parsed.error));
    },
    'GET requests/summary': () => done(summarize()),
    'DELETE requests': () => {
      requestLog.clear();
      rateLimits.clear();
      return done({});
    },
    'POST tokens': parsed(tokenSchema, issueLocationToken),
    'POST tokens/expire': parsed(expireSchema, ({ locationId }) =>
      done({ expired: tokens.expireAll(clock.nowMs(), locationId) }),
    ),
    'GET webhooks': (_, { query }) => {
      const parsed = logSchema.safeParse(Object.fromEntries(query));
      if (!parsed.success) return refuse(describeIssues(parsed.error));
      return done({ counts: queue.count(), publicKey, webhooks: queue.listLatest(parsed.data.limit) });
    },
    'POST webhooks': parsed(emitSchema, (event) => {
      services.emit(event);
      return { status: 202, json: {} };
    }),
    'POST webhooks/hasten': () => {
      queue.hasten(clock.nowMs());
      deliverer.wake();
      return done({});
    },
  };

  return (request) => {
    if (!request.path.startsWith(PREFIX)) return undefined;
    const handle = handlers[`${request.method} ${request.path.slice(PREFIX.length)}`];
    if (handle === undefined) return toPage(404, { errors: [`there is no ${request.method} ${request.path}`] });
    const body = parseJson(request.body);
    if (body === undefined) return toPage(400, { errors: ['the body is not JSON'] });
    const { status, json } = store.transaction(() => handle(body.value, request));
    return toPage(status, json);
  };
}

function done(json: unknown) {
  return { status: 200, json };
}

function refuse(errors: readonly string[]) {
  return { status: 422, json: { errors } };
}

function parsed<T>(schema: z.ZodType<T>, handle: (body: T) => ReturnType<Handler>): Handler {
  return (body) => {
    const result = schema.safeParse(body);
    return result.success ? handle(result.data) : refuse(describeIssues(result.error));
  };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: text === '' ? {} : JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function toPage(status: number, json: unknown): Page {
  return { status, headers: {}, body: JSON.stringify(json) };
}
