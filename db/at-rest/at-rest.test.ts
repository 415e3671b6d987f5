import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, runQuery, type Database } from '../database.ts';
import { leadIdAt } from '../testing/assign-lead-request.ts';
import { fillLeads, MONTHS } from './fill-leads.ts';
import { hotQueries, measuredQueries, type KnownLead } from './hot-queries.ts';
import { readScans, type Scan } from './read-plans.ts';

// The hottest queries go by their indexes, in the months that they are about. `npm run soak:at-rest` measures them over ten million
// leads; here there are enough of them that reading a table whole would be dearer.
const LEADS = Number(process.env['AT_REST_LEADS'] ?? 24_000);
const IS_MEASURED = process.env['AT_REST_LEADS'] !== undefined;
const LIMIT_MS = 50;
const RUNS = 200;
const WARM_UPS = 30;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const THIS_MONTH = `leads_${new Date().toISOString().slice(0, 7).replace('-', '_')}`;

/** Whether a table that grows with the leads was read whole; months to come are empty. */
function isReadWhole({ type, relation }: Scan): boolean {
  if (type !== 'Seq Scan' || relation === null) return false;
  const isMonth = /^leads_\d{4}_\d{2}$/.test(relation) && relation <= THIS_MONTH;
  return isMonth || ['lead_events', 'lead_keys', 'person_keys', 'deliveries'].includes(relation);
}

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
  const startedMs = Date.now();
  await fillLeads({ pool: test.pool, database }, LEADS);
  if (IS_MEASURED) await printSizes(Date.now() - startedMs);
}, 2 * HOUR_MS);

afterAll(() => test.drop());

/** A lead that was delivered, at this part of all the time. */
async function findKnownLead(part: number): Promise<KnownLead> {
  const at = Date.now() - (1 - part) * (MONTHS - 1) * 30 * DAY_MS - HOUR_MS;
  const { rows } = await test.pool.query<KnownLead>(
    `select l.id, l.created_at as "createdAt", l.source, l.external_id as "externalId", l.location_id as "locationId",
      d.ghl_location_id as "ghlLocationId", d.id as "deliveryId"
     from (
       select * from leads where id < $1 and created_at <= uuid_extract_timestamp($1) and status = 'assigned' order by id desc limit 1
     ) l join deliveries d on d.lead_id = l.id and d.move = 0`,
    [leadIdAt(Math.floor(at))],
  );
  if (!rows[0]) throw new Error(`no lead at ${part}`);
  return rows[0];
}

function sees(scans: readonly Scan[], index: string): boolean {
  const pattern = new RegExp(`^${index.replace('*', String.raw`(\d{4}_\d{2}|default)`)}$`);
  return scans.some((scan) => scan.index !== null && pattern.test(scan.index));
}

function countPartitions(scans: readonly Scan[]): number {
  const partitions = scans.flatMap(({ relation }) => (relation?.startsWith('leads_') ? [relation] : []));
  return new Set(partitions).size;
}

describe.each(hotQueries)('$name', ({ run, indexes, partitions }) => {
  it('goes by its indexes, reads no large table whole, and leaves out the other months', async () => {
    const lead = await findKnownLead(0.4);
    const scans = await readScans(test.url, (asked) => run(asked, lead));
    const missing = indexes.filter((index) => !sees(scans, index));
    expect({ missing, readWhole: scans.filter(isReadWhole) }).toEqual({ missing: [], readWhole: [] });
    expect(countPartitions(scans)).toBeLessThanOrEqual(partitions);
  });
});

it('the check tells a table that is read whole, and months that are not left out', async () => {
  const scans = await readScans(test.url, (asked) =>
    runQuery(asked.execute(sql`select count(*) from leads where first_name = ${'Ann'}::text`)),
  );
  expect(scans.filter(isReadWhole)).toHaveLength(MONTHS);
  expect(countPartitions(scans)).toBeGreaterThan(MONTHS);
});

it.runIf(IS_MEASURED)(`each takes at most ${LIMIT_MS} ms`, { timeout: HOUR_MS }, async () => {
  const leads: KnownLead[] = [];
  for (let n = 0; n < RUNS + WARM_UPS; n++) leads.push(await findKnownLead(((n * 37) % 229) / 229));
  const measured = [];
  for (const { name, run } of measuredQueries) {
    const times: number[] = [];
    for (const lead of leads) {
      const startedMs = performance.now();
      await run(database, lead);
      times.push(performance.now() - startedMs);
    }
    const sorted = times.slice(WARM_UPS).sort((a, b) => a - b);
    const [p50 = 0, p95 = 0] = [0.5, 0.95].map((part) => sorted[Math.floor(part * sorted.length)]);
    const plan = await readScans(test.url, (asked) => run(asked, leads[90] ?? leads[0] ?? fail()));
    measured.push({ name, p50, p95, scans: countScans(plan) });
  }
  for (const { name, p50, p95, scans } of measured)
    console.log(`| ${name} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${scans} |`);
  expect(measured.filter(({ p95 }) => p95 > LIMIT_MS)).toEqual([]);
});

function fail(): never {
  throw new Error('no leads');
}

/** How often each index or table was read, all months of one as one. */
function countScans(scans: readonly Scan[]): string {
  const counts = new Map<string, number>();
  for (const { type, relation, index } of scans) {
    const name = `${type === 'Seq Scan' ? 'whole ' : ''}${(index ?? relation ?? '').replace(/^leads_(\d{4}_\d{2}|default)/, 'leads_*')}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name)).join(', ');
}

async function printSizes(tookMs: number): Promise<void> {
  const { rows } = await test.pool.query<{ name: string; rows: string; size: string }>(`
    select regexp_replace(relname, '^leads_.*', 'leads') as name, sum(reltuples)::bigint as rows,
      pg_size_pretty(sum(pg_total_relation_size(oid))) as size
    from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
    group by 1 having sum(reltuples) > 1000 order by sum(pg_total_relation_size(oid)) desc`);
  console.log(`filled in ${Math.round(tookMs / 1000)} s`);
  for (const { name, rows: count, size } of rows) console.log(`| ${name} | ${count} | ${size} |`);
}
