import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, mintApiKey, type TestRouter } from '../testing/test-router.ts';
import type { foundBacktestSchema } from './shown-backtest.ts';
import { deliverJob, deliverJobs, takeJobs } from './testing/deliver-jobs.ts';

type Found = z.output<typeof foundBacktestSchema>;

const CSV = { 'content-type': 'text/csv' };
const example = (name: string): string => readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');
const territories = example('territories-100.csv');
const owned = territories
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',') as [zip: string, code: string, exclusive: string]);

let database: TestDatabase;
let router: TestRouter;
let codes: ReadonlyMap<string, string>;
let from: string;

/** Small caps, so that much overflows. */
const lowCaps = (csv: string): string =>
  csv
    .split('\n')
    .map((line) => line.replace(/,(\d{1,2}),([^,]+),(OBP-\d+)/, ',4,$2,$3'))
    .join('\n');

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  await post('/v1/locations/import', lowCaps(example('locations-100.csv')), CSV);
  await post('/v1/territories/import?publish=true', territories, CSV);
  const { rows } = await database.pool.query<{ id: string; franchise_code: string }>(
    'select id, franchise_code from location_keys',
  );
  codes = new Map(rows.map(({ id, franchise_code }) => [id, franchise_code]));
  from = new Date(Date.now() - 60_000).toISOString();
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await router.send('POST', path, { body, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

async function get<T>(path: string): Promise<T> {
  return (await (await router.send('GET', path)).json()) as T;
}

const rulesA = {
  radiusMiles: 50,
  territory: { whenOwnerUnavailable: 'overflow' },
  overflow: { mode: 'nearest', radiusMiles: 150 },
  stickyDays: 90,
  dedupeWindowMinutes: 0,
};
const rulesB = {
  radiusMiles: 300,
  strategy: { kind: 'weighted_round_robin', weights: { 'OBP-001': 3 }, maxCatchUpTurns: 2 },
  territory: { whenOwnerUnavailable: 'hold' },
  overflow: { mode: 'none' },
  stickyDays: 30,
  dedupeWindowMinutes: 0,
};

async function publish(rules: object): Promise<number> {
  const { version } = await post<{ version: number }>('/v1/rules', rules);
  await post(`/v1/rules/${version}/publish`, {});
  return version;
}

async function run(body: object): Promise<Found> {
  const { id } = await post<{ id: string }>('/v1/backtests', { from, ...body });
  await deliverJobs(router, 'run-backtest', 2);
  return get<Found>(`/v1/backtests/${id}`);
}

/** One after the other; some in territories, most of them near one, some nowhere; every fifth comes back. */
async function routeLeads(count: number, source: string): Promise<void> {
  for (let n = 0; n < count; n++) {
    const [zip] = owned[(n * 37) % owned.length] ?? ['35203'];
    const postalCode = n % 7 === 0 ? '59301' : n % 11 === 0 ? undefined : zip;
    const email = `p${n % 5 === 4 ? n - 3 : n}@example.com`;
    await post('/v1/leads', { source, externalId: `${source}-${n}`, email, postalCode });
  }
}

interface Real {
  readonly totals: Record<string, number>;
  readonly levels: Record<string, number>;
  readonly parked: Record<string, number>;
}

async function readReal(source: string): Promise<Real> {
  const read = async (column: string, status: string): Promise<Record<string, number>> => {
    const { rows } = await database.pool.query<{ key: string; count: number }>(
      `select ${column} as key, count(*)::int as count from leads where source = $1 and status = $2 group by 1`,
      [source, status],
    );
    return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
  };
  return {
    totals: await read('location_id', 'assigned'),
    levels: await read('match_level', 'assigned'),
    parked: await read('parked_reason', 'parked'),
  };
}

async function readTotals(id: string, side: 'before' | 'after'): Promise<Record<string, number>> {
  const { items } = await get<{ items: { location: { id: string }; before: number; after: number }[] }>(
    `/v1/backtests/${id}/locations?limit=1000`,
  );
  return Object.fromEntries(items.filter((each) => each[side] > 0).map((each) => [each.location.id, each[side]]));
}

describe('a backtest', () => {
  it('comes to what real routing came to, of the same leads under the same rules', async () => {
    const rules = await publish(rulesB);
    await routeLeads(800, 'real');
    const real = await readReal('real');
    // The leads met full days, turns, persons who came back, and places that nobody serves.
    expect(Object.keys(real.levels).sort()).toEqual(['nearest', 'sticky', 'territory']);
    expect(real.parked['territory_owner_unavailable']).toBeGreaterThan(10);
    const found = await run({ source: 'real', before: 'assigned' });
    expect(found).toMatchObject({ status: 'finished', percent: 100, total: 800, done: 800 });
    const { result } = found;
    expect(await readTotals(found.id, 'after')).toEqual(real.totals);
    expect(result?.after).toMatchObject({ byMatchLevel: real.levels, parkedByReason: real.parked });
    expect(result?.before).toEqual(result?.after);
    expect(result).toMatchObject({ moved: 0, leads: 800, pairs: [], gains: [], losses: [] });

    await publish(rulesA);
    const against = await run({ source: 'real', rules });
    expect(against.result?.after).toEqual(result?.after);
    expect(against.result?.moved).toBeGreaterThan(100);
    expect(against.before).toMatchObject({ kind: 'rules' });
    const { before, after, losses = [] } = against.result ?? {};
    const sum = (totals: Record<string, number>): number => Object.values(totals).reduce((a, b) => a + b, 0);
    expect(sum(await readTotals(against.id, 'before'))).toBe(before?.assigned);
    expect(sum(await readTotals(against.id, 'after'))).toBe(after?.assigned);
    expect(losses[0]?.change).toBe((losses[0]?.gained ?? 0) - (losses[0]?.lost ?? 0));
    expect(after?.byMatchLevel).not.toEqual(before?.byMatchLevel);
  }, 120_000);

  it('that gives 50 postal codes to another owner moves exactly their leads', async () => {
    const [, loser = ''] = owned[0] ?? [];
    const all = owned.filter(([, code]) => code !== loser).slice(0, 50);
    const gone = new Set(all.map(([zip]) => zip));
    const rows = owned.map(([zip, code, exclusive]) => `${zip},${gone.has(zip) ? loser : code},${exclusive}`);
    const csv = ['Postal Code,Franchise Code,Exclusive', ...rows].join('\n');
    // With caps out of the way, a lead moves only because of who owns its place.
    await database.pool.query('update locations set daily_cap = null');
    await router.app.directory.refreshNow();
    const leads = owned.map(([postalCode], n) => ({ source: 'zips', externalId: `zips-${n}`, postalCode }));
    for (let sent = 0; sent < leads.length; sent += 500) {
      await post('/v1/leads/batch', { leads: leads.slice(sent, sent + 500) });
    }
    const draft = await post<{ version: number }>('/v1/territories/import', csv, CSV);
    const found = await run({ source: 'zips', territories: draft.version });
    expect(found.after.territories).toBe(draft.version);
    expect(found.result).toMatchObject({ leads: leads.length, moved: 50 });
    const { items } = await get<{ items: { postalCode: string; leadId: string; from: string; to: string }[] }>(
      `/v1/backtests/${found.id}/moves?limit=1000`,
    );
    expect(new Set(items.map(({ postalCode }) => postalCode))).toEqual(gone);
    const owners = new Map(owned.map(([zip, code]) => [zip, code]));
    for (const { postalCode, from: was, to } of items) {
      expect([codes.get(was), codes.get(to)]).toEqual([owners.get(postalCode), loser]);
    }
    expect(found.result?.gains).toMatchObject([
      { location: { franchiseCode: loser }, change: 50, gained: 50, lost: 0 },
    ]);
    const first = await get<{ items: unknown[]; nextCursor: string }>(`/v1/backtests/${found.id}/moves?limit=30`);
    const second = await get<{ items: unknown[]; nextCursor: null }>(
      `/v1/backtests/${found.id}/moves?limit=30&cursor=${first.nextCursor}`,
    );
    expect([...first.items, ...second.items]).toEqual(items);
    const [pair] = found.result?.pairs ?? [];
    const of = await get<{ items: unknown[] }>(`/v1/backtests/${found.id}/moves?from=${pair?.from?.id}&limit=1000`);
    expect(of.items).toHaveLength(pair?.leads ?? -1);
  }, 120_000);

  it('changes no lead, and keeps nobody’s name', async () => {
    const { rows } = await database.pool.query<{ text: string }>(`
      select (to_jsonb(b) || jsonb_build_object('moves', (select jsonb_agg(m) from backtest_moves m
        where m.backtest_id = b.id)))::text as text from backtests b`);
    for (const { text } of rows) expect(text).not.toMatch(/@example|p\d+@/);
    const { rows: left } = await database.pool.query('select from backtest_persons');
    expect(left).toHaveLength(0);
  });

  it('takes leads of a file, with their own times and persons', async () => {
    const zip = owned[0]?.[0];
    await router.send('PUT', `/v1/locations/${await idOf(owned[0]?.[1])}/capacity`, { body: { dailyCap: 2 } });
    const lines = [
      `2026-02-03T18:00:00Z,${zip},Ann`,
      `2026-02-03T17:00:00Z,${zip},`,
      `2026-02-03T19:00:00Z,${zip},`,
      `2026-02-04T18:00:00Z,${zip},ann`,
    ];
    const csv = `Created At,Zip Code,Person\n${lines.join('\n')}\n`;
    const { id } = await post<{ id: string }>('/v1/backtests/upload?name=February', csv, CSV);
    await deliverJobs(router, 'run-backtest');
    const found = await get<Found>(`/v1/backtests/${id}`);
    expect(found).toMatchObject({ name: 'February', status: 'finished', leads: { kind: 'file' }, total: 4 });
    const { rows } = await database.pool.query('select from backtest_leads');
    expect(rows).toHaveLength(0);
    // The third lead of 3 February overflows, and the person of 3 February comes back to whom they had.
    expect(found.result?.after).toMatchObject({ byMatchLevel: { territory: 2, overflow: 1, sticky: 1 }, parked: 0 });
  });

  it('names every bad cell of a file, and keeps none of it', async () => {
    const rows = [{ postalCode: '02134' }, { createdAt: 'yesterday', score: 'high' }, { lng: -71 }];
    const response = await router.send('POST', '/v1/backtests/upload', { body: { rows } });
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { row: number; code: string }[] };
    expect(errors.map(({ row, code }) => [row, code])).toEqual([
      [3, 'bad_time'],
      [3, 'bad_score'],
      [4, 'missing'],
    ]);
  });

  it('takes no day for one that the calendar does not have', async () => {
    const rows = [{ createdAt: '2026-02-30' }, { createdAt: '2026-04-31T10:00:00Z' }, { createdAt: '2024-02-29' }];
    const response = await router.send('POST', '/v1/backtests/upload', { body: { rows } });
    const { errors } = (await response.json()) as { errors: { row: number; code: string }[] };
    expect(errors.map(({ row, code }) => [row, code])).toEqual([
      [2, 'bad_time'],
      [3, 'bad_time'],
    ]);
  });

  it('that is cancelled keeps neither the leads of its file nor persons', async () => {
    const { id } = await post<{ id: string }>('/v1/backtests/upload', 'Zip,Person\n02134,Ann\n', CSV);
    await database.pool.query(`insert into backtest_persons (backtest_id, hash, places) values ($1, 'hash', '[]')`, [
      id,
    ]);
    await post(`/v1/backtests/${id}/cancel`, {});
    const { rows } = await database.pool.query(
      'select (select count(*)::int from backtest_leads) as leads, (select count(*)::int from backtest_persons) as persons',
    );
    expect(rows).toEqual([{ leads: 0, persons: 0 }]);
    await deliverJobs(router, 'run-backtest');
  });

  it('that nobody goes on with is taken up by the minute’s sweep, and given up after ten times', async () => {
    const { id } = await post<{ id: string }>('/v1/backtests', { from });
    expect(takeJobs(router, 'run-backtest')).toHaveLength(1);
    await router.app.sweepBacktests();
    expect(takeJobs(router, 'run-backtest')).toEqual([]);
    await database.pool.query(`update backtests set due_at = now() where id = $1`, [id]);
    await router.app.sweepBacktests();
    await deliverJobs(router, 'run-backtest');
    expect(await get<Found>(`/v1/backtests/${id}`)).toMatchObject({ status: 'finished' });

    const { id: stuck } = await post<{ id: string }>('/v1/backtests', { from });
    takeJobs(router, 'run-backtest');
    for (let sweeps = 0; sweeps < 11; sweeps++) {
      await database.pool.query(`update backtests set due_at = now() where id = $1`, [stuck]);
      await router.app.sweepBacktests();
    }
    expect(takeJobs(router, 'run-backtest')).toHaveLength(10);
    expect(await get<Found>(`/v1/backtests/${stuck}`)).toMatchObject({
      status: 'failed',
      error: 'gave_up',
      result: null,
    });
  });

  it('is cancelled, and deleted with all that hangs on it', async () => {
    const { id } = await post<{ id: string }>('/v1/backtests', { from });
    const [message] = takeJobs(router, 'run-backtest');
    expect(await post(`/v1/backtests/${id}/cancel`, {})).toMatchObject({ status: 'cancelled' });
    if (!message) throw new Error('no message');
    expect(await deliverJob(router, message)).toBe(204);
    expect(await get<Found>(`/v1/backtests/${id}`)).toMatchObject({ status: 'cancelled', done: 0, result: null });
    const { items } = await get<{ items: { id: string }[] }>('/v1/backtests?limit=100');
    for (const each of items) expect((await router.send('DELETE', `/v1/backtests/${each.id}`)).status).toBe(204);
    const { rows } = await database.pool.query('select from backtest_moves');
    expect(rows).toHaveLength(0);
    expect((await router.send('GET', `/v1/backtests/${id}`)).status).toBe(404);
  });

  it('goes by what was in effect when it was asked for, whatever is published meanwhile', async () => {
    const before = await publish(rulesB);
    const { id } = await post<{ id: string }>('/v1/backtests', { from });
    await publish(rulesA);
    await deliverJobs(router, 'run-backtest');
    const found = await get<Found>(`/v1/backtests/${id}`);
    expect(found).toMatchObject({ before: { rules: before }, after: { rules: before }, result: { moved: 0 } });
    expect(found.result?.directoryChanged).toBe(true);
  });

  it('goes after 30 days', async () => {
    const { id } = await run({});
    await database.pool.query(`update backtests set created_at = now() - interval '31 days' where id = $1`, [id]);
    await router.app.purgeBacktests();
    expect((await router.send('GET', `/v1/backtests/${id}`)).status).toBe(404);
  });

  it('is refused for versions that are not there, for a key that may not, and past five at once', async () => {
    const unknown = await router.send('POST', '/v1/backtests', { body: { from, rules: 999, territories: 999 } });
    expect(((await unknown.json()) as { errors: { field: string }[] }).errors.map(({ field }) => field)).toEqual([
      'rules',
      'territories',
    ]);
    const apiKey = await mintApiKey(router.deps, ['rules:read']);
    expect((await router.send('POST', '/v1/backtests', { apiKey, body: { from } })).status).toBe(403);
    for (let n = 0; n < 5; n++) await post('/v1/backtests', { from });
    expect((await router.send('POST', '/v1/backtests', { body: { from } })).status).toBe(409);
  });
});

async function idOf(code: string | undefined): Promise<string> {
  return [...codes].find(([, each]) => each === code)?.[0] ?? '';
}
