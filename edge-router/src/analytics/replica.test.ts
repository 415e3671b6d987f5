import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase } from '../../../db/database.ts';
import { refreshLocationPerformance } from '../../../db/queries/refresh-location-performance.ts';
import { eventually } from '../../../local/testing/eventually.ts';
import { createTestStandby, type TestStandby } from '../../../local/testing/test-standby.ts';
import { deliverJob } from '../backtests/testing/deliver-jobs.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { takeReports } from './testing/deliver-reports.ts';
import { importFarLocations, type FarLocation } from './testing/far-locations.ts';
import { countDaysPlainly, scatterLeads, toPlainDay, type LocationDay } from './testing/plain-days.ts';
import { storeLeads } from './testing/plain-leads.ts';

// A real standby that streams from a real primary, each behind an endpoint of its own.

interface Answer {
  readonly items: unknown[];
  readonly refreshedAt: string;
  readonly servedBy: 'replica' | 'primary';
  readonly replicaLagSeconds: number | null;
}

const PAUSE_MS = 30_000;

let servers: TestStandby;
let router: TestRouter;
let locations: readonly FarLocation[];
let laterMs = 0;

beforeAll(async () => {
  servers = await createTestStandby();
  const { url, endpoint } = servers.replica;
  router = await createTestRouter({
    database: servers.primary,
    replica: createDatabase({ url, fetchEndpoint: endpoint, timeoutMs: 60_000 }),
    nowMs: () => Date.now() + laterMs,
  });
  locations = await importFarLocations(router, servers.primary.pool);
  await refreshLocationPerformance(router.deps.database);
  await servers.catchUp();
});

afterAll(async () => {
  await router.settle();
  await servers.stop();
});

async function get(): Promise<Answer> {
  const response = await router.send('GET', '/v1/analytics/realtime');
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

async function readReady(): Promise<{ status: string; replica: unknown }> {
  return (await (await router.send('GET', '/readyz')).json()) as { status: string; replica: unknown };
}

it('answers reports from the replica and says how far it is behind', async () => {
  const { items, servedBy, replicaLagSeconds } = await get();
  expect(servedBy).toBe('replica');
  expect(items).toHaveLength(4);
  expect(replicaLagSeconds).toBeGreaterThanOrEqual(0);
  await eventually(async () => expect((await readReady()).replica).toEqual({ status: 'up', lagSeconds: 0 }));
});

it('shows the view and its time as of the same moment, and a growing lag, while the replica does not replay', async () => {
  await servers.replica.pool.query('select pg_wal_replay_pause()');
  const before = await get();
  await refreshLocationPerformance(router.deps.database);
  // What it has not replayed has arrived.
  await eventually(async () => expect((await get()).replicaLagSeconds).toBeGreaterThan(0));
  expect(await get()).toMatchObject({ servedBy: 'replica', refreshedAt: before.refreshedAt });
  await servers.replica.pool.query('select pg_wal_replay_resume()');
  await eventually(async () => expect((await get()).refreshedAt > before.refreshedAt).toBe(true));
});

it('fails no request when the replica dies in the middle of many, and goes back to it when it is there again', async () => {
  const answers: Answer[] = [];
  const over = new AbortController();
  const ask = async (): Promise<void> => {
    while (!over.signal.aborted) answers.push(await get());
  };
  const asking = Promise.all(Array.from({ length: 8 }, ask));
  await eventually(() => expect(answers.length).toBeGreaterThan(20));
  servers.killReplica();
  await eventually(() => expect(answers.slice(-8).every(({ servedBy }) => servedBy === 'primary')).toBe(true));
  over.abort();
  await asking;
  expect(new Set(answers.map(({ servedBy }) => servedBy))).toEqual(new Set(['replica', 'primary']));
  expect(answers.every(({ items }) => items.length === 4)).toBe(true);
  expect(await readReady()).toMatchObject({ status: 'degraded', replica: { status: 'down', lagSeconds: null } });

  await servers.startReplica();
  await servers.catchUp();
  expect((await get()).servedBy).toBe('primary');
  laterMs += PAUSE_MS;
  expect((await get()).servedBy).toBe('replica');
  expect((await readReady()).replica).toMatchObject({ status: 'up' });
});

it('computes a long report to its end although the replica dies in the middle of it, and every question is answered', async () => {
  const span = { from: '2026-01-01', to: '2026-09-30' };
  const times = { fromMs: Date.parse(span.from), toMs: Date.parse('2026-10-01') };
  await storeLeads(servers.primary.pool, scatterLeads(locations, { ...times, count: 2000 }));
  await servers.catchUp();
  const query = `from=${span.from}&to=${span.to}`;
  const asked = await router.send('GET', `/v1/analytics/locations?${query}`);
  expect(asked.status).toBe(202);
  const { report } = (await asked.json()) as { report: { url: string } };

  const over = new AbortController();
  const statuses = new Set<string>();
  const askOn = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const response = await router.send('GET', '/v1/analytics/locations?from=2026-03-01&to=2026-03-31');
      statuses.add(`${response.status} ${((await response.json()) as Answer).servedBy}`);
    }
  };
  const asking = Promise.all([askOn(), askOn(), askOn()]);
  await eventually(() => expect(statuses).toContain('200 replica'));
  let slices = 0;
  for (let waiting = takeReports(router); waiting.length > 0; waiting = takeReports(router)) {
    // Once between two slices would be luck: it dies while the fourth is counted.
    const counting = waiting.map((message) => deliverJob(router, message));
    if (slices === 3) servers.killReplica();
    expect(await Promise.all(counting)).toEqual([204]);
    slices += 1;
  }
  expect(slices).toBe(9);
  await eventually(() => expect(statuses).toContain('200 primary'));
  over.abort();
  await asking;
  expect(statuses).toEqual(new Set(['200 replica', '200 primary']));

  const done = (await (await router.send('GET', `${report.url}?limit=2000`)).json()) as {
    report: { status: string; replicaLagSeconds: number | null };
    items: LocationDay[];
  };
  expect(done.report.status).toBe('finished');
  expect(done.report.replicaLagSeconds).not.toBeNull();
  const plain = await countDaysPlainly(servers.primary.pool, { ...span, locations });
  expect(plain.length).toBeGreaterThan(500);
  expect(done.items.map(toPlainDay)).toEqual(plain);
  await servers.startReplica();
});

it('waits for a replica that does not answer once, and not with every request', async () => {
  let asked = 0;
  const silent = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const fetchEndpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/sql`;
  let nowMs = Date.now();
  const hanging = await createTestRouter({
    database: servers.primary,
    replica: createDatabase({ url: servers.replica.url, fetchEndpoint, timeoutMs: 2000 }),
    nowMs: () => nowMs,
  });
  const read = async (): Promise<string> => {
    const response = await hanging.send('GET', '/v1/analytics/realtime');
    return ((await response.json()) as Answer).servedBy;
  };
  for (let time = 0; time < 5; time++) expect(await read()).toBe('primary');
  // The question, and how far behind it is.
  expect(asked).toBe(2);

  nowMs += PAUSE_MS;
  expect(await Promise.all(Array.from({ length: 5 }, read))).toEqual(Array.from({ length: 5 }, () => 'primary'));
  expect(asked).toBe(4);
  await hanging.settle();
  silent.closeAllConnections();
  await new Promise((resolve) => {
    silent.close(resolve);
  });
});

it('asks the primary for what the replica refuses, and does not take it for dead', async () => {
  // A replica that is behind a migration knows less than the primary; here it is another database.
  const { url, endpoint } = servers.replica;
  const behind = await createTestRouter({
    database: servers.primary,
    replica: createDatabase({ url: new URL('/postgres', url).href, fetchEndpoint: endpoint, timeoutMs: 60_000 }),
  });
  const answer = (await (await behind.send('GET', '/v1/analytics/realtime')).json()) as Answer;
  expect(answer).toMatchObject({ servedBy: 'primary', replicaLagSeconds: null });
  expect((await (await behind.send('GET', '/readyz')).json()) as object).toMatchObject({ replica: { status: 'up' } });
  expect(behind.logged.join('\n')).toContain('"event":"replica_failed"');
});
