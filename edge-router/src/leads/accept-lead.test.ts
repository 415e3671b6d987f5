import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startNeonHttp } from '../../../local/neon-http/server.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../local/testing/test-redis.ts';
import { createApp } from '../app.ts';
import { createTestRouter, recordMessages, type SentMessage, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

/** Answers are looked at by tests, which say themselves what they expect. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

let database: TestDatabase;
let redis: TestRedis;
let neonHttp: Awaited<ReturnType<typeof startNeonHttp>>;
let router: TestRouter;
let isQstashDown = false;
let laterMs = 0;
const sent: SentMessage[] = [];

const startEndpoint = (port: number): ReturnType<typeof startNeonHttp> => {
  const { hostname, port: postgresPort } = new URL(database.url);
  return startNeonHttp({ port, postgres: { host: hostname, port: Number(postgresPort) } });
};

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  neonHttp = await startEndpoint(0);
  const qstash: TestRouter['deps']['qstash'] = {
    batch: (messages) => {
      if (isQstashDown) return Promise.reject(new TypeError('fetch failed'));
      recordMessages(sent, messages);
      return Promise.resolve([]);
    },
  };
  router = await createTestRouter({
    database: { url: database.url, endpoint: neonHttp.endpoint },
    redis: redis.redis,
    qstash,
    nowMs: () => Date.now() + laterMs,
  });
  const caps = ['2', '3', ''];
  const body = csvOf(
    caps.map((cap, index) =>
      testRow({
        'Franchise Code': `L${index}`,
        'Zip Code': ['02134', '02135', '02139'][index] ?? '',
        'Capacity Limit': cap,
      }),
    ),
  );
  await router.send('POST', '/v1/locations/import', { body, headers: { 'content-type': 'text/csv' } });
  await router.send('GET', '/v1/locations/nearby?postalCode=02134');
  await router.settle();
});

afterAll(async () => {
  await router.settle();
  await neonHttp.stop();
  await redis.stop();
  await database.drop();
});

afterEach(() => {
  isQstashDown = false;
  // The circuit of the outage before is closed by then.
  laterMs += 10_000;
  sent.length = 0;
});

async function duringOutage<T>(work: () => Promise<T>): Promise<T> {
  await neonHttp.stop();
  try {
    return await work();
  } finally {
    neonHttp = await startEndpoint(neonHttp.port);
    laterMs += 10_000;
  }
}

let people = 0;
const leadOf = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  source: 'outage',
  externalId: `form-${++people}`,
  email: `cy.${people}@example.com`,
  postalCode: '02134',
  ...more,
});

async function post(body: unknown, path = '/v1/leads'): Promise<{ status: number; json: Json }> {
  const answer = await router.send('POST', path, { body });
  return { status: answer.status, json: (await answer.json()) as Json };
}

const kept = (): SentMessage[] => sent.filter(({ url }) => url.endsWith('/persist-lead'));

/** Runs the job as QStash would, all at once. */
async function land(messages: readonly { body: string }[]): Promise<void> {
  const { persistLead } = await import('./persist-lead.ts');
  const { createCapacityCopies } = await import('../locations/capacity-copies.ts');
  const { createKeyedHash } = await import('../http/hash.ts');
  const deps = {
    ...router.deps,
    directory: router.app.directory,
    capacity: createCapacityCopies(router.deps),
    hashPerson: createKeyedHash(router.deps.config.personHashKey),
  };
  const outcomes = await Promise.all(messages.map(({ body }) => persistLead(deps, JSON.parse(body))));
  expect(new Set(outcomes)).toEqual(new Set(['done']));
}

async function leadsIn(ids: readonly string[]): Promise<Json[]> {
  const { rows } = await database.pool.query('select id, status, location_id from leads where id = any ($1)', [ids]);
  return rows;
}

describe('a lead that comes while Postgres is away', () => {
  it('is kept under its id with the location that will probably take it, and routed when Postgres is back', async () => {
    const answers = await duringOutage(() => Promise.all(Array.from({ length: 8 }, () => post(leadOf()))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(answers[0]?.json).toMatchObject({ status: 'accepted', degraded: ['postgres'], replayed: false });
    const hinted = answers.map(({ json }) => String(json.location.franchiseCode)).sort();
    expect(hinted).toEqual(['L0', 'L0', 'L1', 'L1', 'L1', 'L2', 'L2', 'L2']);
    const messages = kept();
    expect(messages.map(({ redact }) => redact)).toEqual(answers.map(() => ({ body: true })));

    await land(messages);
    await land(messages);
    const ids = answers.map(({ json }) => json.leadId);
    const stored = await leadsIn(ids);
    expect(stored).toHaveLength(8);
    for (const { json } of answers) {
      expect(stored.find(({ id }) => id === json.leadId)).toMatchObject({
        status: 'assigned',
        location_id: json.location.id,
      });
    }
    const { rows } = await database.pool.query(
      'select used, daily_cap from location_capacity where daily_cap is not null',
    );
    for (const { used, daily_cap: cap } of rows) expect(used).toBeLessThanOrEqual(cap);
  });

  it('is recognised when the call that timed out was done after all', async () => {
    const body = leadOf({ postalCode: '02139' });
    const first = await post(body);
    expect(first.status).toBe(201);
    const message = { leadId: first.json.leadId, input: body, hintedLocationId: null, idempotencyKey: null };
    await land([{ body: JSON.stringify(message) }]);
    expect(await leadsIn([first.json.leadId])).toHaveLength(1);
  });

  it('and again under the same key is one lead, with one id and one hint', async () => {
    const body = leadOf();
    const answers = await duringOutage(() => Promise.all([post(body), post(body), post(body)]));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(answers.filter(({ json }) => json.replayed)).toHaveLength(2);
    expect(new Set(answers.map(({ json }) => json.leadId)).size).toBe(1);
    expect(new Set(answers.map(({ json }) => json.location.id)).size).toBe(1);
    await land(kept());
    expect(await leadsIn(answers.map(({ json }) => json.leadId))).toHaveLength(1);
    const again = await post(body);
    expect([again.status, again.json.leadId]).toEqual([200, answers[0]?.json.leadId]);
  });

  it('and again under the same Idempotency-Key is one lead', async () => {
    const { externalId: _, ...body } = leadOf();
    const send = async (): Promise<Json> =>
      (await router.send('POST', '/v1/leads', { body, headers: { 'idempotency-key': 'outage-1' } })).json();
    const answers = await duringOutage(async () => [await send(), await send()]);
    expect(answers.map(({ replayed }: Json) => replayed)).toEqual([false, true]);
    await land(kept());
    expect(await leadsIn(answers.map(({ leadId }: Json) => leadId))).toHaveLength(1);
  });

  it('that QStash did not take is kept when it comes again, under the id of the first time', async () => {
    const body = leadOf();
    const ids = await duringOutage(async () => {
      isQstashDown = true;
      const refused = await router.send('POST', '/v1/leads', { body });
      isQstashDown = false;
      expect(refused.status).toBe(503);
      return [(await post(body)).json.leadId];
    });
    await land(kept());
    expect(await leadsIn(ids)).toHaveLength(1);
  });

  it('and with another body under the same key is not lost', async () => {
    const body = leadOf();
    const answers = await duringOutage(async () => [
      await post(body),
      await post({ ...body, email: 'other@example.com' }),
    ]);
    await land(kept());
    expect(await leadsIn(answers.map(({ json }) => json.leadId))).toHaveLength(2);
  });

  it('waits in another message while Postgres is still away', async () => {
    const [answer] = await duringOutage(async () => {
      const posted = await post(leadOf());
      const [message] = kept();
      sent.length = 0;
      await land(message ? [message] : []);
      return [posted];
    });
    const [again] = kept();
    expect(JSON.parse(again?.body ?? '')).toMatchObject({ leadId: answer?.json.leadId, postponed: 2 });
    await land(again ? [again] : []);
    expect(await leadsIn([answer?.json.leadId])).toHaveLength(1);
  });

  it('in a batch is kept like the others, and bad ones are told', async () => {
    const answer = await duringOutage(() =>
      post({ leads: [leadOf(), { source: 'a b' }, leadOf()] }, '/v1/leads/batch'),
    );
    expect([answer.status, answer.json.counts]).toEqual([200, expect.objectContaining({ accepted: 2, refused: 1 })]);
    await land(kept());
    const ids = answer.json.items.flatMap(({ lead }: Json) => lead?.leadId ?? []);
    expect(await leadsIn(ids)).toHaveLength(2);
  });

  it('is refused when QStash is away too: nothing was acknowledged', async () => {
    const answer = await duringOutage(() => {
      isQstashDown = true;
      return router.send('POST', '/v1/leads', { body: leadOf() });
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  });
});

describe('without Redis too', () => {
  it('an isolate that has a directory still says where a lead will go', async () => {
    await redis.kill();
    const answer = await duringOutage(() => post(leadOf()));
    await redis.restart();
    expect(answer).toMatchObject({
      status: 202,
      json: { degraded: ['postgres', 'redis'], location: { franchiseCode: 'L0' } },
    });
    await land(kept());
    expect(await leadsIn([answer.json.leadId])).toHaveLength(1);
  });
});

it('an isolate that is new serves from Redis’ copy while Postgres is away', async () => {
  const answer = await duringOutage(async () => {
    const app = createApp(router.deps);
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
    const headers = { authorization: `Bearer ${router.apiKey}`, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(leadOf()) };
    return app.fetch(new Request('https://router.test/v1/leads', init), {}, context);
  });
  expect([answer.status, await answer.json()]).toEqual([
    202,
    expect.objectContaining({ status: 'accepted', degraded: ['postgres'] }),
  ]);
});

it('a lead that only its address places goes where it was told, when it lands', async () => {
  const rules = {
    radiusMiles: 50,
    territory: { whenOwnerUnavailable: 'overflow' },
    overflow: { mode: 'none' },
    stickyDays: 0,
    dedupeWindowMinutes: 0,
    fromBrowser: ['website'],
  };
  const { json: draft } = await post(rules, '/v1/rules');
  await post({}, `/v1/rules/${draft.version}/publish`);
  const request = new Request('https://router.test/v1/leads', {
    method: 'POST',
    headers: { authorization: `Bearer ${router.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ source: 'website' }),
  });
  const answer = await duringOutage(() =>
    router.fetch(Object.assign(request, { cf: { latitude: '42.36', longitude: '-71.11' } })),
  );
  const { leadId, location } = (await answer.json()) as Json;
  expect(location).not.toBeNull();
  await land(kept());
  expect(await leadsIn([leadId])).toEqual([{ id: leadId, status: 'assigned', location_id: location.id }]);
});
