import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { readFranchiseLocations } from '../locations/testing/franchise-locations.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import { deliverJobs } from './testing/deliver-jobs.ts';

// npm run soak:backtest routes 100,000 leads; here there are enough of them for three slices.
const LEADS = Number(process.env['BACKTEST_LEADS'] ?? 11_000);
const CSV = { 'content-type': 'text/csv' };

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

function readExample(name: string): string {
  return readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');
}

/** The 3,388 real locations where they are at hand, with caps; else the 100 of the example. */
async function importLocations(): Promise<number> {
  const file = readFranchiseLocations();
  const rows = file
    ? parse<Record<string, string>>(file, { columns: true, bom: true }).map((row, index) =>
        testRow({
          'Location Name': row['store_name'] ?? '',
          City: row['city'] ?? '',
          State: row['state'] ?? '',
          'Zip Code': row['zip'] ?? '',
          'Franchise Code': row['store_id'] ?? '',
          'Capacity Limit': String(1 + (index % 3)),
        }),
      )
    : parse<Record<string, string>>(readExample('locations-100.csv'), { columns: true, bom: true });
  const send = (body: string) => router.send('POST', '/v1/locations/import', { body, headers: CSV });
  const first = await send(csvOf(rows));
  if (first.ok) return rows.length;
  const { errors } = (await first.json()) as { errors: { row: number }[] };
  const bad = new Set(errors.map(({ row }) => row));
  const good = rows.filter((_, index) => !bad.has(index + 2));
  expect((await send(csvOf(good))).status).toBe(200);
  return good.length;
}

/** Leads of the last four weeks, at the places of locations and of territories; every tenth person comes back. */
async function storeLeads(): Promise<void> {
  await database.pool.query(
    `insert into leads (id, created_at, source, email, postal_code, status, parked_reason, decision)
     select id, uuid_extract_timestamp(id), 'soak', email, postal_code, 'parked', 'no_place', trace.decision
     from (
       -- As large as a trace is.
       select jsonb_build_object('geoConfidence', 'zip', 'inputs', jsonb_build_object('location', null),
         'candidates', jsonb_agg(jsonb_build_object('locationId', gen_random_uuid(), 'name', 'A location of the brand',
           'franchiseCode', 'OBP-000', 'distanceMiles', n, 'matchLevel', 'nearest', 'verdict', 'outranked'))) as decision
       from generate_series(1, 16) n) trace, (
       select uuidv7(-(interval '28 days' * (1 - n::float8 / $1))) as id,
         'p' || case when n % 10 = 9 then n - 7 else n end || '@example.com' as email,
         (array(select postal_code from locations order by id))[1 + (n * 7919) % (select count(*) from locations)] as postal_code
       from generate_series(1, $1) n) made`,
    [LEADS],
  );
  await database.pool.query('analyze leads');
}

it(`routes ${LEADS.toLocaleString('en-US')} leads on both sides, slice after slice`, async () => {
  const locations = await importLocations();
  await storeLeads();
  const draft = await router.send('POST', '/v1/rules', {
    body: {
      radiusMiles: 30,
      strategy: { kind: 'weighted_round_robin' },
      territory: { whenOwnerUnavailable: 'overflow' },
      overflow: { mode: 'nearest', radiusMiles: 100 },
      stickyDays: 30,
      dedupeWindowMinutes: 60,
    },
  });
  const { version } = (await draft.json()) as { version: number };
  const startedMs = performance.now();
  const from = new Date(Date.now() - 40 * 86_400_000).toISOString();
  const begun = await router.send('POST', '/v1/backtests', { body: { from, rules: version } });
  const { id } = (await begun.json()) as { id: string };
  const slices = await deliverJobs(router, 'run-backtest');
  const seconds = (performance.now() - startedMs) / 1000;
  const found = (await (await router.send('GET', `/v1/backtests/${id}`)).json()) as {
    done: number;
    status: string;
    result: Record<'before' | 'after', { assigned: number; parked: number; byMatchLevel: Record<string, number> }>;
  };
  expect(found).toMatchObject({ status: 'finished', done: LEADS });
  expect(slices).toBe(Math.floor(LEADS / 5000) + 1);
  for (const side of ['before', 'after'] as const) {
    expect(found.result[side].assigned + found.result[side].parked).toBe(LEADS);
    expect(found.result[side].byMatchLevel['sticky']).toBeGreaterThan(LEADS / 100);
  }
  console.log(
    `backtest: ${LEADS.toLocaleString('en-US')} leads over ${locations.toLocaleString('en-US')} locations in ` +
      `${slices} slices: ${seconds.toFixed(1)} s (${Math.round(LEADS / seconds).toLocaleString('en-US')} leads/s)`,
  );
}, 600_000);
