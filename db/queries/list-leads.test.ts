import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { leadIdAt } from '../testing/assign-lead-request.ts';
import { buildLeadListStatement, listLeads, type LeadListRequest, type LeadSummary } from './list-leads.ts';

const LOCATION = '0199aaaa-0000-7000-8000-000000000001';
const OTHER_LOCATION = '0199aaaa-0000-7000-8000-000000000002';
const LEADS = 6000;
const STEP_MS = 13 * 60_000;

/** The first moment of a month, UTC; 0 is this one. */
function startOfMonth(monthsAhead: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsAhead, 1)).toISOString();
}

const startMs = Date.parse(startOfMonth(-1));

let test: TestDatabase;
let database: Database;
let all: { id: string; created_at: Date; status: string; location_id: string | null; source: string }[];

/** Every 13 minutes one, through last month and this: each tenth parked, each hundredth of the location asked for. */
beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
  // Three leads share each time, so that only their ids tell them apart.
  const ids = Array.from({ length: LEADS }, (_, n) => leadIdAt(startMs + Math.floor(n / 3) * 3 * STEP_MS));
  await test.pool.query(
    `insert into leads (id, created_at, source, first_name, status, location_id, parked_reason)
     select id, uuid_extract_timestamp(id), case when n % 2 = 0 then 'web' else 'phone' end, 'Ada',
       case when n % 10 = 0 then 'parked' else 'assigned' end,
       case when n % 10 = 0 then null when n % 100 = 1 then $2::uuid else $3::uuid end,
       case when n % 10 = 0 then 'no_place' end
     from unnest($1::uuid[]) with ordinality as made (id, n)`,
    [ids, LOCATION, OTHER_LOCATION],
  );
  await test.pool.query('analyze leads');
  all = (await test.pool.query('select id, created_at, status, location_id, source from leads order by id desc')).rows;
});

afterAll(() => test.drop());

const everything: LeadListRequest = {
  limit: 200,
  cursor: null,
  order: 'newest',
  status: null,
  stage: null,
  locationId: null,
  source: null,
  from: null,
  to: null,
};

async function readPages(request: LeadListRequest, looksThrough?: number): Promise<LeadSummary[]> {
  const items: LeadSummary[] = [];
  for (let { cursor } = request, page = 0; page < 1000; page++) {
    const read = await listLeads(database, { ...request, cursor }, looksThrough === undefined ? {} : { looksThrough });
    items.push(...read.items);
    if (read.nextCursor === null) return items;
    cursor = read.nextCursor;
  }
  throw new Error('the pages do not end');
}

const timeOf = (n: number): string => new Date(startMs + n * STEP_MS).toISOString();

describe('listLeads', () => {
  it.each<[string, Partial<LeadListRequest>]>([
    ['all', {}],
    ['of a status', { status: 'parked' }],
    ['oldest first', { status: 'parked', order: 'oldest' }],
    ['of a status without an index, oldest first', { status: 'assigned', order: 'oldest' }],
    ['of a location', { locationId: LOCATION, limit: 7 }],
    ['of a location, oldest first', { locationId: LOCATION, order: 'oldest', limit: 7 }],
    ['of a source', { source: 'web' }],
    ['between two times', { from: timeOf(1000), to: timeOf(3000) }],
    ['of everything at once', { status: 'parked', source: 'web', from: timeOf(300), to: timeOf(5000), limit: 11 }],
    ['of a location that has none', { locationId: '0199aaaa-0000-7000-8000-000000000003' }],
  ])('reads every lead once and in order, page by page: %s', async (_name, given) => {
    const request = { ...everything, ...given };
    const expected = all.filter(
      (lead) =>
        (request.status === null || lead.status === request.status) &&
        (request.locationId === null || lead.location_id === request.locationId) &&
        (request.source === null || lead.source === request.source) &&
        (request.from === null || lead.created_at >= new Date(request.from)) &&
        (request.to === null || lead.created_at < new Date(request.to)),
    );
    if (request.order === 'oldest') expected.reverse();
    expect((await readPages(request)).map((lead) => lead.leadId)).toEqual(expected.map((lead) => lead.id));
  });

  it.each<[string, Partial<LeadListRequest>, number]>([
    ['of a source, in parts smaller than a page', { source: 'web', limit: 50 }, 30],
    ['of a source, in parts larger than a page', { source: 'web', limit: 10 }, 100],
    ['of a source, oldest first', { source: 'phone', order: 'oldest', limit: 50 }, 77],
    ['of a status, in one part exactly', { status: 'assigned' }, LEADS],
    ['between two times', { source: 'web', from: timeOf(1000), to: timeOf(3000) }, 64],
    ['that there are none of', { source: 'fax' }, 500],
  ])('reads every lead once and in order, part by part: %s', async (_name, given, looksThrough) => {
    const request = { ...everything, ...given };
    const expected = all.filter(
      (lead) =>
        (request.status === null || lead.status === request.status) &&
        (request.source === null || lead.source === request.source) &&
        (request.from === null || lead.created_at >= new Date(request.from)) &&
        (request.to === null || lead.created_at < new Date(request.to)),
    );
    if (request.order === 'oldest') expected.reverse();
    const read = await readPages(request, looksThrough);
    expect(read.map((lead) => lead.leadId)).toEqual(expected.map((lead) => lead.id));
  });

  it('looks for what no index finds in so many leads and no more, and says where it goes on', async () => {
    const request = { ...everything, source: 'fax' };
    const { items, nextCursor } = await listLeads(database, request, { looksThrough: 500 });
    expect([items, nextCursor]).toEqual([[], all[499]?.id]);
    const scans = await explainAnalyze(buildLeadListStatement(request, 500));
    expect(Math.max(...scans)).toBeLessThanOrEqual(500);
  });

  it('tells of a lead what a list needs, and not its trace', async () => {
    const { items } = await listLeads(database, { ...everything, status: 'parked', limit: 1 });
    expect(items).toEqual([
      {
        leadId: all.find((lead) => lead.status === 'parked')?.id,
        createdAt: expect.stringMatching(/^\d{4}-/),
        source: 'web',
        externalId: null,
        status: 'parked',
        stage: null,
        locationId: null,
        matchLevel: null,
        parkedReason: 'no_place',
        postalCode: null,
        person: { firstName: 'Ada', lastName: null },
      },
    ]);
  });
});

/** How many leads each scan went over. */
async function explainAnalyze(statement: SQL): Promise<number[]> {
  const { rows } = await database.execute(sql`explain (analyze, costs off, timing off, summary off) ${statement}`);
  const lines = rows.map((row) => String(row['QUERY PLAN']));
  return lines.flatMap((line, at) => {
    const read = /Scan.* on leads_.*rows=(\d+)/.exec(line);
    const removed = /Rows Removed by Filter: (\d+)/.exec(lines.slice(at + 1, at + 4).join(' '));
    return read ? Number(read[1]) + Number(removed?.[1] ?? 0) : [];
  });
}

async function explain(given: Partial<LeadListRequest>): Promise<string[]> {
  const statement = buildLeadListStatement({ ...everything, limit: 50, ...given });
  const { rows } = await database.execute(sql`explain (costs off) ${statement}`);
  return rows.map((row) => String(row['QUERY PLAN'])).filter((line) => /Scan/.test(line));
}

/** The index of each scan; partitions name theirs after their columns. */
describe('the plan of', () => {
  const partition = `leads_${startOfMonth(0).slice(0, 7).replace('-', '_')}`;
  const thisMonth = { from: startOfMonth(0), to: startOfMonth(1) };

  it('a location’s list goes by its index, in one partition for one month', async () => {
    const scans = await explain({ locationId: LOCATION, ...thisMonth });
    expect(scans.join('\n')).toContain(`${partition}_location_id_created_at_score_idx`);
    for (const scan of scans) expect(scan).toContain(partition);
    expect(scans.join('\n')).not.toContain('Seq Scan');
  });

  it.each(['oldest', 'newest'] as const)(
    'the parking lot, %s first, goes by its index in every partition',
    async (order) => {
      const scans = await explain({ status: 'parked', order });
      expect(scans.length).toBeGreaterThan(2);
      for (const scan of scans)
        expect(scan).toMatch(/Index Scan (Backward )?using leads_(default|\d{4}_\d{2})_created_at_idx/);
    },
  );

  it('a list by what has no index goes by the ids, and sorts nothing', async () => {
    const statement = buildLeadListStatement({ ...everything, source: 'fax', limit: 50 }, 100);
    const { rows } = await database.execute(sql`explain (costs off) ${statement}`);
    const plan = rows.map((row) => String(row['QUERY PLAN']));
    for (const scan of plan.filter((line) => / on leads_/.test(line)))
      expect(scan).toMatch(/Index (Only )?Scan Backward using \w+_pkey/);
    // The one of the last that was looked at.
    expect(plan.filter((line) => line.trim().endsWith('Sort'))).toHaveLength(1);
  });

  it('a list of everything goes by the ids, and after a cursor leaves out the months that are newer', async () => {
    const scans = await explain({ cursor: leadIdAt(Date.parse(startOfMonth(0)) - 1000) });
    expect(scans.join('\n')).not.toContain(partition);
    for (const scan of scans) expect(scan).toMatch(/Index Scan Backward using \w+_pkey/);
  });
});
