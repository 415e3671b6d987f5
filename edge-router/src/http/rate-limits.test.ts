import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createApiKey } from '../../../db/queries/create-api-key.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createTestRouter, mintApiKey, type TestRouter, type TestRouterOptions } from '../testing/test-router.ts';
import { hashText } from './hash.ts';

let database: TestDatabase;
let redis: TestRedis;
const routers: TestRouter[] = [];

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
});

afterEach(async () => {
  for (const router of routers.splice(0)) await router.settle();
});

afterAll(async () => {
  await Promise.all([database.drop(), redis.stop()]);
});

async function start(options: Omit<TestRouterOptions, 'database'>): Promise<TestRouter> {
  const router = await createTestRouter({ database, ...options });
  routers.push(router);
  return router;
}

const lead = { source: 'web', postalCode: '02134', email: 'ada@example.com' };

it('lets a key send so many leads, then says when to come back, and stores nothing of what it refused', async () => {
  let nowMs = Date.now();
  const router = await start({ limits: { edgePer10Seconds: 3 }, nowMs: () => nowMs });
  const answers = [];
  for (let index = 0; index < 4; index++) {
    answers.push(await router.send('POST', '/v1/leads', { body: { ...lead, externalId: `limited-${index}` } }));
  }
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429]);
  expect(await answers[3]?.json()).toMatchObject({ code: 'rate_limited' });
  expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
  const { rows } = await database.pool.query(`select 1 from lead_keys where external_id = 'limited-3'`);
  expect(rows).toEqual([]);
  const other = await mintApiKey(router.deps, ['*']);
  expect((await router.send('POST', '/v1/leads', { apiKey: other, body: lead })).status).toBe(201);
  nowMs += 10_000;
  const again = await router.send('POST', '/v1/leads', { body: { ...lead, externalId: 'limited-3' } });
  expect(again.status).toBe(201);
});

it('heeds what the binding has counted elsewhere, and lets through what it cannot count', async () => {
  let answer: () => Promise<boolean> = () => Promise.resolve(false);
  const asked: string[] = [];
  const router = await start({
    limitAtEdge: (who) => {
      asked.push(who);
      return answer();
    },
  });
  expect((await router.send('POST', '/v1/leads/preview', { body: lead })).status).toBe(429);
  expect((await router.send('GET', '/v1/locations/nearby?postalCode=02134')).status).toBe(429);
  answer = () => Promise.reject(new Error('the binding is away'));
  expect((await router.send('POST', '/v1/leads/preview', { body: lead })).status).toBe(200);
  expect(new Set(asked).size).toBe(1);
  expect(asked[0]).toMatch(/^key:/);
});

it('counts other requests for all isolates together, in Redis', async () => {
  const limits = { apiPerMinute: 5 };
  const [one, two] = [await start({ limits, redis: redis.redis }), await start({ limits, redis: redis.redis })];
  const statuses = [];
  for (const router of [one, two, one, two, one, two, two]) {
    statuses.push((await router.send('GET', '/v1/me', { apiKey: one.apiKey })).status);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
  expect((await two.send('GET', '/v1/me')).status).toBe(200);
});

it('counts for itself while Redis is away', async () => {
  const router = await start({ limits: { apiPerMinute: 2 } });
  const statuses = [];
  for (let index = 0; index < 3; index++) statuses.push((await router.send('GET', '/v1/me')).status);
  expect(statuses).toEqual([200, 200, 429]);
});

it('limits a source by its name, after its secret was checked', async () => {
  const router = await start({ limits: { edgePer10Seconds: 2 } });
  const made = await router.send('PUT', '/v1/sources/landing', { body: {} });
  const { secret } = (await made.json()) as { secret: string };
  const send = async (given: string, city: string): Promise<number> => {
    const headers = { 'x-switchyard-secret': given };
    return (await router.send('POST', '/v1/webhooks/forms/landing', { headers, body: { city, state: 'MA' } })).status;
  };
  for (let index = 0; index < 5; index++) expect(await send('wrong', 'Boston')).toBe(401);
  expect([await send(secret, 'Boston'), await send(secret, 'Salem'), await send(secret, 'Lynn')]).toEqual([
    202, 202, 429,
  ]);
});

it('keeps a key with sources to those, alone and in a batch', async () => {
  const router = await start({});
  const token = 'swy_of_one_source_alone';
  await createApiKey(router.deps.database, {
    name: 'website',
    keyHash: hashText(token),
    scopes: ['leads:write'],
    sources: ['web'],
    expiresAt: null,
  });
  const send = (path: string, body: unknown): Promise<Response> => router.send('POST', path, { apiKey: token, body });
  expect((await send('/v1/leads', lead)).status).toBe(201);
  const refused = await send('/v1/leads', { ...lead, source: 'phone' });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ code: 'source_not_allowed', detail: expect.stringContaining('phone') });
  const batch = await send('/v1/leads/batch', {
    leads: [
      { ...lead, source: 'phone' },
      { ...lead, externalId: 'b-2' },
    ],
  });
  expect(await batch.json()).toMatchObject({
    counts: { refused: 1 },
    items: [
      { index: 0, status: 403, problem: { code: 'source_not_allowed' } },
      { index: 1, status: 201 },
    ],
  });
  const me = await router.send('GET', '/v1/me', { apiKey: token });
  expect(await me.json()).toMatchObject({ scopes: ['leads:write'], sources: ['web'] });
  // By now it comes with the directory, not by a look of its own.
  await router.app.directory.refreshNow();
  expect((await send('/v1/leads', { ...lead, source: 'phone' })).status).toBe(403);
});
