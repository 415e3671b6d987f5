import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNeonHttp } from '../../local/neon-http/server.ts';
import { eventually } from '../../local/testing/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from './testing/test-router.ts';
import { csvOf, testRow } from './testing/test-rows.ts';

let database: TestDatabase;
let neonHttp: Awaited<ReturnType<typeof startNeonHttp>>;
let router: TestRouter;

async function startEndpoint(port: number): Promise<typeof neonHttp> {
  const { hostname, port: postgresPort } = new URL(database.url);
  return startNeonHttp({ port, postgres: { host: hostname, port: Number(postgresPort) } });
}

beforeAll(async () => {
  database = await createTestDatabase();
  neonHttp = await startEndpoint(0);
  router = await createTestRouter({ database: { url: database.url, endpoint: neonHttp.endpoint } });
  const body = csvOf([testRow({ 'Franchise Code': 'ONE', 'Zip Code': '02134', City: 'Allston' })]);
  await router.send('POST', '/v1/locations/import', { body, headers: { 'content-type': 'text/csv' } });
  await router.settle();
});

afterAll(async () => {
  await router.settle();
  await neonHttp.stop();
  await database.drop();
});

describe('while Postgres cannot be reached', () => {
  beforeAll(() => neonHttp.stop());

  afterAll(async () => {
    neonHttp = await startEndpoint(neonHttp.port);
  });

  it.each([
    ['a look-up', 'GET', '/v1/leads/00000000-0000-7000-8000-000000000000', undefined],
    ['a list of leads', 'GET', '/v1/leads', undefined],
    ['a change of a location', 'PATCH', '/v1/locations/00000000-0000-7000-8000-000000000000', { paused: true }],
    ['a publication of rules', 'POST', '/v1/rules/1/publish', {}],
    ['a change of capacity', 'PUT', '/v1/locations/00000000-0000-7000-8000-000000000000/capacity', { dailyCap: 1 }],
  ])('%s gets 503 with Retry-After, and is told that nothing was accepted', async (_name, method, path, body) => {
    const response = await router.send(method, path, body ? { body } : {});
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await response.json()).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('Nothing was accepted'),
    });
  });

  it('a key that the isolate does not know cannot be checked and gets 503, never 401', async () => {
    expect((await router.send('GET', '/v1/locations/nearby?postalCode=02134', { apiKey: 'swy_unknown' })).status).toBe(
      503,
    );
  });

  it('nearby goes on from the isolate', async () => {
    const response = await router.send('GET', '/v1/locations/nearby?postalCode=02134');
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ items: [expect.objectContaining({ franchiseCode: 'ONE' })] }),
    ]);
  });

  it('readiness says so, while the Worker is alive', async () => {
    const ready = await router.send('GET', '/readyz', { apiKey: null });
    expect([ready.status, await ready.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'degraded', outbox: null, parkingLot: null }),
    ]);
    expect((await router.send('GET', '/healthz', { apiKey: null })).status).toBe(200);
  });

  it('the log keeps what failed and nothing that was sent', async () => {
    await router.send('POST', '/v1/leads', {
      body: { source: 'web', email: 'private@example.com', lastName: 'Secretperson' },
    });
    await router.send('GET', '/v1/leads');
    expect(router.logged.join('\n')).toContain('"event":"request_failed"');
    expect(router.logged.join('\n')).toContain('"event":"lead_accepted_without_postgres"');
    expect(router.logged.join('\n')).not.toMatch(/private@|Secretperson/);
  });
});

describe('when Postgres is back', () => {
  it('leads are routed again without a restart', async () => {
    await eventually(async () => {
      const response = await router.send('POST', '/v1/leads', { body: { source: 'web', postalCode: '02134' } });
      expect(response.status).toBe(201);
    });
  });
});
