import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createTestRouter, mintApiKey, type TestRouter } from './testing/test-router.ts';
import { csvOf, testRow } from './testing/test-rows.ts';

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  const rows = [
    testRow({ 'Franchise Code': 'BOS-1', 'Zip Code': '02134', City: 'Allston', 'Capacity Limit': '5' }),
    testRow({ 'Franchise Code': 'BOS-2', 'Zip Code': '02446', City: 'Brookline', Specialties: 'sewer' }),
    testRow({ 'Franchise Code': 'NYC-1', 'Zip Code': '10001', City: 'New York', State: 'NY' }),
  ];
  expect(
    (await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: { 'content-type': 'text/csv' } }))
      .status,
  ).toBe(200);
});

afterAll(() => database.drop());

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({ status: response.status, requestId: response.headers.get('x-request-id') });
  return problem;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly scope: string;
  readonly body?: unknown;
}

const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/leads', scope: 'leads:write', body: { source: 'web' } },
  { method: 'POST', path: '/v1/leads/batch', scope: 'leads:write', body: { leads: [{ source: 'web' }] } },
  { method: 'POST', path: '/v1/leads/preview', scope: 'leads:read', body: { source: 'web' } },
  { method: 'GET', path: '/v1/leads?status=parked&order=oldest', scope: 'leads:read' },
  { method: 'GET', path: '/v1/leads/00000000-0000-7000-8000-000000000000', scope: 'leads:read' },
  {
    method: 'POST',
    path: '/v1/leads/00000000-0000-7000-8000-000000000000/reassign',
    scope: 'leads:write',
    body: { reason: 'x' },
  },
  { method: 'GET', path: '/v1/locations', scope: 'locations:read' },
  { method: 'GET', path: '/v1/locations/nearby?postalCode=02134', scope: 'locations:read' },
  { method: 'GET', path: '/v1/locations/00000000-0000-7000-8000-000000000000', scope: 'locations:read' },
  { method: 'POST', path: '/v1/locations/import', scope: 'locations:write', body: [] },
  { method: 'GET', path: '/v1/locations/00000000-0000-7000-8000-000000000000/capacity', scope: 'locations:read' },
  {
    method: 'PUT',
    path: '/v1/locations/00000000-0000-7000-8000-000000000000/capacity',
    scope: 'locations:write',
    body: { dailyCap: 1 },
  },
  {
    method: 'PATCH',
    path: '/v1/locations/00000000-0000-7000-8000-000000000000',
    scope: 'locations:write',
    body: { paused: true },
  },
  { method: 'GET', path: '/v1/rules', scope: 'rules:read' },
  { method: 'GET', path: '/v1/rules/1', scope: 'rules:read' },
  { method: 'POST', path: '/v1/rules', scope: 'rules:write', body: {} },
  { method: 'PUT', path: '/v1/rules/1', scope: 'rules:write', body: {} },
  { method: 'POST', path: '/v1/rules/1/publish', scope: 'rules:write', body: {} },
  { method: 'POST', path: '/v1/territories/import', scope: 'territories:write', body: [] },
  {
    method: 'POST',
    path: '/v1/subscriptions',
    scope: 'subscriptions:write',
    body: { targetUrl: 'https://n8n.example.com/webhook/app-test', topics: ['lead.parked'] },
  },
  { method: 'GET', path: '/v1/subscriptions', scope: 'subscriptions:read' },
  {
    method: 'POST',
    path: '/v1/onboarding/waits',
    scope: 'onboarding:write',
    body: {
      step: 'activate',
      resumeUrl: 'https://n8n.example.com/webhook-waiting/1',
      timeoutSeconds: 60,
      items: [{ status: 'succeeded' }],
    },
  },
  {
    method: 'GET',
    path: '/v1/subscriptions/00000000-0000-7000-8000-000000000000',
    scope: 'subscriptions:read',
  },
  {
    method: 'DELETE',
    path: '/v1/subscriptions/00000000-0000-7000-8000-000000000000',
    scope: 'subscriptions:write',
  },
  { method: 'GET', path: '/v1/highlevel/status', scope: 'highlevel:read' },
  { method: 'POST', path: '/v1/highlevel/connect', scope: 'highlevel:write' },
  {
    method: 'POST',
    path: '/v1/subscriptions/00000000-0000-7000-8000-000000000000/redeliver',
    scope: 'subscriptions:write',
  },
  { method: 'GET', path: '/v1/territories', scope: 'territories:read' },
  { method: 'GET', path: '/v1/territories/check?postalCode=02134', scope: 'territories:read' },
  { method: 'GET', path: '/v1/territories/1', scope: 'territories:read' },
  { method: 'DELETE', path: '/v1/territories/1', scope: 'territories:write' },
  { method: 'GET', path: '/v1/territories/1/rows', scope: 'territories:read' },
  { method: 'POST', path: '/v1/territories/1/publish', scope: 'territories:write', body: {} },
  { method: 'POST', path: '/v1/territories/1/restore', scope: 'territories:write', body: {} },
];

describe.each(routes)('$method $path', ({ method, path, scope, body }) => {
  const options = body === undefined ? {} : { body };

  it('is refused without a key, with a malformed one and with one that does not exist', async () => {
    for (const headers of [{}, { authorization: 'Basic abc' }, { authorization: 'Bearer swy_no-such-key' }]) {
      const response = await router.send(method, path, { ...options, apiKey: null, headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await problemOf(response)).toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('is refused with a key of every other scope, and let through with its own', async () => {
    const others = [...new Set(routes.map((route) => route.scope))].filter((other) => other !== scope);
    const response = await router.send(method, path, { ...options, apiKey: await mintApiKey(router.deps, others) });
    expect(response.status).toBe(403);
    expect(await problemOf(response)).toMatchObject({ code: 'forbidden', detail: expect.stringContaining(scope) });
    const own = await router.send(method, path, { ...options, apiKey: await mintApiKey(router.deps, [scope]) });
    expect([401, 403, 500, 503]).not.toContain(own.status);
  });

  it('answers with the request id it was given, or one of its own', async () => {
    const given = await router.send(method, path, { ...options, headers: { 'x-request-id': 'req-from-caller' } });
    expect(given.headers.get('x-request-id')).toBe('req-from-caller');
    const own = await router.send(method, path, { ...options, headers: { 'x-request-id': 'with spaces <script>' } });
    expect(own.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe.each(routes.filter((route) => route.body !== undefined))('the body of $method $path', ({ method, path }) => {
  it.each([
    ['not JSON', '{"source":', 'application/json', 400, 'invalid_json'],
    ['of another type', 'source=web', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['of the wrong shape', '"text"', 'application/json', 422, 'invalid_input'],
    [
      'with a field nobody knows',
      '{"source":"web","dailyCap":1,"nonsense":1}',
      'application/json',
      422,
      'invalid_input',
    ],
    ['too large', `"${'x'.repeat(17 * 1024 * 1024)}"`, 'application/json', 413, 'body_too_large'],
  ])('%s is refused', async (_name, body, contentType, status, code) => {
    const response = await router.send(method, path, { body, headers: { 'content-type': contentType } });
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code });
  });
});

describe('GET /v1/me', () => {
  it('says to any key what it may do, and to nobody without one', async () => {
    const me = await router.send('GET', '/v1/me', { apiKey: await mintApiKey(router.deps, ['rules:read']) });
    expect(await me.json()).toEqual({
      apiKeyId: expect.any(String),
      scopes: ['rules:read'],
      sources: null,
      expiresAt: null,
    });
    expect((await router.send('GET', '/v1/me', { apiKey: null })).status).toBe(401);
  });
});

describe('what is not there', () => {
  it('is a problem too', async () => {
    const response = await router.send('GET', '/v1/nothing');
    expect(response.status).toBe(404);
    expect(await problemOf(response)).toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['PUT', '/v1/leads', 'POST, GET, HEAD'],
    ['DELETE', '/v1/locations/00000000-0000-7000-8000-000000000000', 'GET, HEAD, PATCH'],
  ])('%s %s is told which methods there are', async (method, path, allowed) => {
    const response = await router.send(method, path);
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
    expect(response.headers.get('x-request-id')).not.toBeNull();
    expect(await problemOf(response)).toMatchObject({ code: 'method_not_allowed' });
  });

  it('stays a 404 where the address exists but not what it names', async () => {
    const response = await router.send('GET', '/v1/leads/00000000-0000-7000-8000-000000000000');
    expect(response.status).toBe(404);
  });
});

describe('health', () => {
  it('needs no key, and names Redis as what is missing while everything else is up', async () => {
    expect((await router.send('GET', '/healthz', { apiKey: null })).status).toBe(200);
    const ready = await router.send('GET', '/readyz', { apiKey: null });
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'degraded',
      degraded: ['redis'],
      parts: { postgres: 'up', redis: 'down', directory: 'up' },
      directory: { locations: 3, loadedFrom: 'postgres' },
    });
  });
});

describe('the parking lot', () => {
  it('is counted by readiness, with the age of its oldest lead', async () => {
    const read = async (): Promise<{ waiting: number; oldestAgeSeconds: number | null }> => {
      const ready = await router.send('GET', '/readyz', { apiKey: null });
      return ((await ready.json()) as { parkingLot: Awaited<ReturnType<typeof read>> }).parkingLot;
    };
    const before = await read();
    const response = await router.send('POST', '/v1/leads', { body: { source: 'web', postalCode: '00000' } });
    expect(await response.json()).toMatchObject({ status: 'parked' });
    const after = await read();
    expect(after.waiting).toBe(before.waiting + 1);
    expect(after.oldestAgeSeconds).toBeGreaterThanOrEqual(0);
    expect(after.oldestAgeSeconds).toBeLessThan(600);
  });
});

describe('bad input of a lead', () => {
  it('is reported field by field, all at once, and nothing is written', async () => {
    const before = await countLeads();
    const response = await router.send('POST', '/v1/leads', {
      body: { source: '', email: 7, score: -1, coordinates: { lng: -71, lat: 120 }, nonsense: true, postalCode: ['x'] },
    });
    expect(response.status).toBe(422);
    const { errors } = (await problemOf(response)) as { errors: { field: string }[] };
    expect(new Set(errors.map((error) => error.field))).toEqual(
      new Set(['source', 'email', 'score', 'coordinates.lat', 'nonsense', 'postalCode']),
    );
    expect(await countLeads()).toBe(before);
  });

  it.each([
    ['a postal code that does not exist', { postalCode: '00000' }],
    ['an e-mail that is none', { postalCode: '02134', email: 'nobody' }],
    ['no place at all', {}],
  ])('that can be lived with does not lose it: %s', async (_name, fields) => {
    const response = await router.send('POST', '/v1/leads', { body: { source: 'web', ...fields } });
    expect(response.status).toBe(201);
  });
});

async function countLeads(): Promise<number> {
  const { rows } = await database.pool.query<{ count: string }>('select count(*) from leads');
  return Number(rows[0]?.count);
}
