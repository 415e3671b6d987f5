import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startCensus, type CensusServer } from '../../local/census/server.ts';
import { findFreePort } from '../../local/ports.ts';
import { startQstash } from '../../local/qstash/server.ts';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../local/testing/test-redis.ts';
import { buildWorker, startWorkerd } from '../../local/workerd.ts';
import { DIRECTORY_HEAD_KEY } from './locations/directory-head.ts';
import { csvOf, testRow } from './testing/test-rows.ts';
import { startTestWorker, TEST_QSTASH_SECRETS, type TestWorker } from './testing/test-worker.ts';

// The bundle as it is deployed, under workerd, with a real Postgres and a real Redis behind their HTTP stand-ins, and
// jobs delivered by the QStash stand-in.

const folder = mkdtempSync(join(tmpdir(), 'switchyard-worker-'));
let database: TestDatabase;
let redis: TestRedis;
let qstash: Awaited<ReturnType<typeof startQstash>>;
let census: CensusServer;
let worker: TestWorker;

beforeAll(async () => {
  [database, redis, census, qstash] = await Promise.all([
    createTestDatabase(),
    createTestRedis(),
    startCensus({ port: 0 }),
    startQstash({ port: 0, file: join(folder, 'qstash.sqlite'), timeScale: 100, ...TEST_QSTASH_SECRETS }),
    buildWorker({ outDir: folder }),
  ]);
  const replica = `${database.url}?application_name=replica`;
  const bindings = { CENSUS_GEOCODER_URL: census.url, DATABASE_REPLICA_URL: replica };
  worker = await startTestWorker({ bundleDir: folder, database, redis, qstashUrl: qstash.url, bindings });
  const rows = ['02134', '10001', '60601', '90012', '77002'].map((zip, index) =>
    testRow({ 'Franchise Code': `C${index}`, 'Zip Code': zip, ...placeOf(zip) }),
  );
  const imported = await worker.send('POST', '/v1/locations/import', {
    body: csvOf(rows),
    headers: { 'content-type': 'text/csv' },
  });
  expect([imported.status, await imported.json()]).toEqual([200, expect.objectContaining({ created: 5 })]);
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([qstash.stop(), redis.stop(), census.stop()]);
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function placeOf(zip: string): { City: string; State: string } {
  const places: Record<string, { City: string; State: string }> = {
    '02134': { City: 'Allston', State: 'MA' },
    '10001': { City: 'New York', State: 'NY' },
    '60601': { City: 'Chicago', State: 'IL' },
    '90012': { City: 'Los Angeles', State: 'CA' },
    '77002': { City: 'Houston', State: 'TX' },
  };
  return places[zip] ?? { City: '', State: '' };
}

/** Polls until the check holds; the test's own timeout bounds it. */
async function waitFor(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await delay(50);
}

async function countRows(sql: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(sql);
  return rows[0]?.count ?? -1;
}

type Load = { count: number; source: string; onAnswer?: (answered: number) => void };

const zips = ['02134', '10001', '60601', '90012', '77002'];

/** `onAnswer` hears how many were answered. */
async function sendLeads({ count, source, onAnswer }: Load): Promise<number[]> {
  const statuses: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const body = { source, externalId: `${number}`, postalCode: zips[number % zips.length] };
      const response = await worker.send('POST', '/v1/leads', { body });
      await response.arrayBuffer();
      statuses.push(response.status);
      onAnswer?.(statuses.length);
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  return statuses;
}

describe('the deployed bundle under workerd', () => {
  it('routes a lead, and its news comes back through QStash, signed, onto the time line', async () => {
    const response = await worker.send('POST', '/v1/leads', {
      body: { source: 'web', postalCode: '02134', email: 'a@example.com' },
    });
    expect(response.status).toBe(201);
    const lead = (await response.json()) as { leadId: string; location: { franchiseCode: string } };
    expect(lead.location.franchiseCode).toBe('C0');
    const kinds = async (): Promise<string[]> => {
      const found = (await (await worker.send('GET', `/v1/leads/${lead.leadId}`)).json()) as {
        timeLine: { kind: string }[];
      };
      return found.timeLine.map((event) => event.kind);
    };
    await waitFor(async () => (await kinds()).includes('announced'));
    expect(await kinds()).toEqual(['assigned', 'announced']);
  });

  it('publishes the directory to Redis, and an isolate that starts later reads it there', async () => {
    const head = z.object({ version: z.number() });
    const { rows } = await database.pool.query('select version::int from directory_state');
    const published = async (): Promise<number> =>
      head.parse(JSON.parse((await redis.redis.get<string>(DIRECTORY_HEAD_KEY)) ?? '{"version":-1}')).version;
    await waitFor(async () => (await published()) === head.parse(rows[0]).version);
    await worker.stop();
    await worker.start();
    const ready = (await (await worker.send('GET', '/readyz')).json()) as Record<string, unknown>;
    expect(ready).toMatchObject({ status: 'ready', directory: { loadedFrom: 'redis', locations: 5 } });
  });

  it('reads reports from the replica that it was given, and computes long ones by jobs', async () => {
    const served = { servedBy: 'replica', replicaLagSeconds: null };
    expect(await (await worker.send('GET', '/v1/analytics/realtime')).json()).toMatchObject(served);
    const ready = (await (await worker.send('GET', '/readyz')).json()) as Record<string, unknown>;
    expect(ready['replica']).toEqual({ status: 'up', lagSeconds: null });
    const path = '/v1/analytics/locations?from=2026-01-01&to=2026-12-31';
    const first = await worker.send('GET', path);
    await first.body?.cancel();
    expect(first.status).toBe(202);
    await waitFor(async () => {
      const next = await worker.send('GET', path);
      await next.body?.cancel();
      return next.status === 200;
    });
  });

  it('fails no request when Redis is killed under load, and says that it is degraded', async () => {
    const killed: Promise<void>[] = [];
    const onAnswer = (answered: number): void => {
      if (answered === 200) killed.push(redis.kill());
    };
    const statuses = await sendLeads({ count: 1200, source: 'redis-killed', onAnswer });
    await Promise.all(killed);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1200);
    expect(await (await worker.send('GET', '/readyz')).json()).toMatchObject({
      status: 'degraded',
      degraded: ['redis'],
    });
    expect(
      await countRows(`select count(*)::int from leads where source = 'redis-killed' and status = 'assigned'`),
    ).toBe(1200);
    await redis.restart();
  });

  it('killed in the middle of its work and started again loses no lead and takes none twice', async () => {
    const killed: Promise<void>[] = [];
    const onAnswer = (answered: number): void => {
      if (answered === 100) killed.push(worker.kill());
    };
    const load = sendLeads({ count: 600, source: 'killed', onAnswer }).catch(() => 'cut off');
    expect(await load).toBe('cut off');
    await Promise.all(killed);
    await worker.start();
    const statuses = await sendLeads({ count: 600, source: 'killed' });
    expect(new Set(statuses)).toEqual(new Set([200, 201]));
    expect(await countRows(`select count(*)::int from leads where source = 'killed'`)).toBe(600);
    const seats = await countRows('select sum(used)::int as count from location_capacity');
    expect(seats).toBe(await countRows(`select count(*)::int from leads where status = 'assigned'`));
    await waitFor(async () => {
      await worker.send('POST', '/v1/leads', { body: { source: 'nudge' } });
      await database.pool.query(
        `update outbox_messages set claimed_until = now() - interval '1 second' where claimed_until > now() + interval '1 second'`,
      );
      // A nudge's own row may be under way at any moment: only the rows of the killed worker's leads count.
      const left = `select ((select count(*) from outbox where lead_id in (select id from leads where source = 'killed'))
        + (select count(*) from outbox_messages m, jsonb_array_elements(m.events) e
          where (e ->> 'leadId')::uuid in (select id from leads where source = 'killed')))::int as count`;
      return (await countRows(left)) === 0;
    });
    await waitFor(
      async () =>
        (await countRows(`select count(distinct lead_id)::int from lead_events where kind = 'announced'
          and lead_id in (select id from leads where source = 'killed')`)) === 600,
    );
    const twice = await countRows(
      `select count(*)::int from (select 1 from lead_events where kind = 'announced' group by lead_id having count(*) > 1) twice`,
    );
    expect(twice).toBe(0);
  });

  it('serves nothing on an incomplete environment, and its log names the settings, not their values', async () => {
    const { QSTASH_TOKEN: _left, ...rest } = worker.bindings;
    const port = await findFreePort();
    const broken = await startWorkerd({
      bundleDir: folder,
      port,
      bindings: { ...rest, PERSON_HASH_KEY: 'too short a key' },
    });
    const response = await fetch(`${broken.url}/v1/leads`, { headers: { authorization: 'Bearer swy_any' } });
    expect([response.status, await response.json()]).toEqual([500, expect.objectContaining({ code: 'misconfigured' })]);
    await broken.stop();
    expect(broken.readLog()).toContain('QSTASH_TOKEN');
    expect(broken.readLog()).toContain('PERSON_HASH_KEY');
    expect(broken.readLog()).not.toContain('too short a key');
  });
});

it('plans a file in any encoding, by a form or as it is, and geocodes its addresses by jobs', async () => {
  const csv = csvOf([
    testRow({
      'Franchise Code': 'P-1',
      'Location Name': 'Café – Otter',
      Address: '100 Harbor Street',
      City: 'Birmingham',
      State: 'AL',
      'Zip Code': '35233',
    }),
  ]);
  const form = new FormData();
  form.set('file', new Blob([Buffer.from(`\uFEFF${csv}`, 'utf16le')]), 'locations.csv');
  const windows1252 = Buffer.from(csv.replace('–', '\u0096'), 'latin1');
  for (const [body, headers] of [
    [form, {}],
    [windows1252, { 'content-type': 'text/csv' }],
  ] as const) {
    const planned = await worker.send('POST', '/v1/onboarding/plan', { headers, body });
    const plan = z.object({ id: z.string(), runnable: z.literal(true) }).parse(await planned.json());
    await waitFor(async () => {
      const found = await worker.send('GET', `/v1/onboarding/plans/${plan.id}/rows`);
      const schema = z.object({ items: z.array(z.object({ geocoding: z.string(), input: z.looseObject({}) })) });
      const [row] = schema.parse(await found.json()).items;
      expect(row?.input).toMatchObject({ name: 'Café – Otter' });
      return row?.geocoding === 'match' && row.input['geoConfidence'] === 'rooftop';
    });
  }
});
