import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeServer, listenOnLoopback } from '../../../local/http-server.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

const RUNS = 200;
const faults = ['none', 'quotes', 'refuses', 'cuts'] as const;
type Fault = (typeof faults)[number];

let database: TestDatabase;
let proxy: Server;
let router: TestRouter;
let secret = '';
let fault: Fault = 'none';
let isQstashAway = false;
let laterMs = 0;

/** Neon's endpoint, which breaks as it is told: with all that it was sent in the text of its error, or without an answer. */
function createBreakingEndpoint(endpoint: string): Server {
  return createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      if (fault === 'cuts') return request.socket.destroy();
      const isBroken = fault === 'quotes' || fault === 'refuses';
      if (isBroken) {
        const message = `could not run ${body.toString('utf8')}`;
        response.writeHead(fault === 'quotes' ? 400 : 500, { 'content-type': 'application/json' });
        return response.end(JSON.stringify({ message, detail: message, code: '23505', where: message }));
      }
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => name.startsWith('neon-') || name === 'content-type'),
      ) as Record<string, string>;
      const answer = await fetch(endpoint, { method: 'POST', headers, body });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      return response.end(await answer.text());
    })().catch(() => request.socket.destroy());
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = createBreakingEndpoint(database.endpoint);
  const port = await listenOnLoopback(proxy, { name: 'endpoint', port: 0 });
  router = await createTestRouter({
    database: { url: database.url, endpoint: `http://127.0.0.1:${port}/sql` },
    qstash: {
      batch: (messages) =>
        isQstashAway
          ? Promise.reject(new Error(`not published: ${JSON.stringify(messages)}`))
          : Promise.resolve(messages.map(() => ({ messageId: 'm' })) as never),
    },
    nowMs: () => Date.now() + laterMs,
    receiver: { verify: () => Promise.resolve(true) },
  });
  const body = csvOf([testRow({ 'Franchise Code': 'ONE', 'Zip Code': '02134' })]);
  await router.send('POST', '/v1/locations/import', { body, headers: { 'content-type': 'text/csv' } });
  const source = await router.send('PUT', '/v1/sources/landing', { body: {} });
  ({ secret } = (await source.json()) as { secret: string });
});

afterAll(async () => {
  fault = 'none';
  await router.settle();
  await closeServer(proxy);
  await database.drop();
});

/** Each field tells of the person and can be found again; some are such that they are refused. */
const mostly = <T>(good: T, ...bad: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: fc.constantFrom(...bad) });
const personArbitrary = fc.record({
  firstName: mostly('Mirabellexq', `Mirabellexq${'z'.repeat(300)}`),
  lastName: mostly<unknown>('Secretpersonxq', { deep: 'Secretpersonxq' }),
  email: fc.constantFrom('mirabellexq@example.com', 'mirabellexq at example', 'mirabellexq\u0000@example.com'),
  phone: fc.constantFrom('(617) 555-0142', '+1617555014200000', '6175550142'),
  address: mostly('14 Hiddenlanexq', '14 Hiddenlanexq '.repeat(60)),
  postalCode: fc.constantFrom('02134', '99501', 'Hiddenlanexq'),
  metadata: mostly<unknown>({ note: 'Secretpersonxq has a leak' }, { note: ['Secretpersonxq'] }),
});
const TELLING = /mirabellexq|secretpersonxq|hiddenlanexq|555-?0142|5550142/i;

type Person = Record<string, unknown>;
type Send = (person: Person) => Promise<Response>;

const ways: Readonly<Record<string, Send>> = {
  lead: (person) => router.send('POST', '/v1/leads', { body: { source: 'web', ...person } }),
  'lead again': (person) =>
    router.send('POST', '/v1/leads', { body: { source: 'web', externalId: 'same', ...person } }),
  batch: (person) => router.send('POST', '/v1/leads/batch', { body: { leads: [{ source: 'web', ...person }] } }),
  preview: (person) => router.send('POST', '/v1/leads/preview?exact=true', { body: { source: 'web', ...person } }),
  form: (person) =>
    router.send('POST', '/v1/webhooks/forms/landing', {
      apiKey: null,
      body: person,
      headers: { 'x-switchyard-secret': secret },
    }),
  'forged form': (person) => router.send('POST', '/v1/webhooks/forms/landing', { apiKey: null, body: person }),
  job: (person) =>
    router.send('POST', '/v1/jobs/persist-lead', {
      apiKey: null,
      headers: { 'upstash-signature': 'any' },
      body: { leadId: crypto.randomUUID(), input: { source: 'web', ...person }, postponed: 1, idempotencyKey: null },
    }),
  'broken json': (person) =>
    router.send('POST', '/v1/leads', {
      body: JSON.stringify(person).slice(0, -1),
      headers: { 'content-type': 'application/json' },
    }),
  erase: (person) =>
    router.send('POST', '/v1/people/erase', { body: { email: person['email'], phone: person['phone'] } }),
};

it('whatever fails, no log line and no problem tells of a person', async () => {
  const outcomes = new Map<string, Set<number>>();
  await fc.assert(
    fc.asyncProperty(
      personArbitrary,
      fc.constantFrom(...Object.keys(ways)),
      fc.constantFrom(...faults),
      fc.boolean(),
      async (person, way, broken, isAway) => {
        [fault, isQstashAway] = [broken, isAway];
        // Past what the router remembers of a database that was away.
        laterMs += 15_000;
        const response = (await ways[way]?.(person)) ?? Response.error();
        const text = await response.text();
        await router.settle();
        outcomes.set(way, (outcomes.get(way) ?? new Set()).add(response.status));
        expect(response.ok ? '' : text).not.toMatch(TELLING);
        expect(router.logged.splice(0).join('\n')).not.toMatch(TELLING);
      },
    ),
    { numRuns: RUNS },
  );
  // Else nothing was tried.
  for (const way of Object.keys(ways)) expect([way, outcomes.get(way)?.size]).not.toEqual([way, undefined]);
  const seen = new Set([...outcomes.values()].flatMap((statuses) => [...statuses]));
  expect([...seen]).toEqual(expect.arrayContaining([201, 422, 500, 503]));
});
