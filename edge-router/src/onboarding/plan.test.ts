import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { readFranchiseLocations } from '../locations/testing/franchise-locations.ts';
import { createTestRouter, mintApiKey, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import { runNightly } from '../jobs/sweep.ts';
import type { ShownPlanRow } from './shown-plan-row.ts';
import type { ShownPlan } from './shown-plan.ts';

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  const existing = [testRow({ 'Franchise Code': 'OLD-1', 'Location Name': 'Old Boston', Address: '9 Elm St' })];
  await router.send('POST', '/v1/locations/import', { body: csvOf(existing), headers: csvType });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

const csvType = { 'content-type': 'text/csv' };

interface Problem {
  readonly code: string;
  readonly errors: readonly { row?: number; column?: string; field?: string; code: string }[];
}

async function post(body: unknown, headers: Record<string, string> = csvType, query = ''): Promise<Response> {
  return router.send('POST', `/v1/onboarding/plan${query}`, { body, headers });
}

async function planOf(body: unknown, headers: Record<string, string> = csvType, query = ''): Promise<ShownPlan> {
  const response = await post(body, headers, query);
  expect(response.status).toBe(201);
  return (await response.json()) as ShownPlan;
}

async function rowsOf(plan: ShownPlan, query = ''): Promise<ShownPlanRow[]> {
  const response = await router.send('GET', `/v1/onboarding/plans/${plan.id}/rows${query}`);
  return ((await response.json()) as { items: ShownPlanRow[] }).items;
}

const newRow = (number: number, given: Readonly<Record<string, string>> = {}) =>
  testRow({
    'Franchise Code': `NEW-${number}`,
    'Location Name': `New ${number}`,
    Address: `${number} Main St`,
    ...given,
  });

const cellsOf = (errors: ShownPlan['errors']) => errors.map(({ row, column, code }) => [row, column, code]);

async function countTables(): Promise<Record<string, string>> {
  const { rows } = await database.pool.query<{ table: string; count: string }>(`
    select relname as table,
      (xpath('/row/c/text()', query_to_xml(format('select count(*) c from %I', relname), true, true, '')))[1]::text as count
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition`);
  return Object.fromEntries(rows.map(({ table, count }) => [table, count]));
}

describe('a plan', () => {
  it('says per row what would be done, and what it takes, and writes nothing but itself', async () => {
    const before = await countTables();
    const plan = await planOf(
      csvOf([
        newRow(1),
        newRow(2, { State: 'TX' }),
        testRow({ 'Franchise Code': 'old-1', 'Location Name': 'Old Boston', Address: '9 Elm St', Phone: '' }),
      ]),
    );
    const after = await countTables();
    const changed = Object.keys(after).filter((table) => after[table] !== before[table]);
    expect(changed.sort()).toEqual(['onboarding_plan_rows', 'onboarding_plans']);
    expect(plan).toMatchObject({
      onInvalid: 'reject',
      runnable: false,
      counts: { total: 3, create: 1, update: 1, skip: 0, invalid: 1 },
      estimate: { companyCalls: 16, boundBy: 'snapshots', minutes: 10 },
      mapping: { source: 'standard', name: null, columns: {} },
      geoConfidences: { zip: 2 },
    });
    expect(cellsOf(plan.errors)).toEqual([[3, 'Zip Code', 'postal_code_not_in_state']]);
    expect(await rowsOf(plan)).toMatchObject([
      { row: 2, rowKey: 'new-1', action: 'create', subAccount: 'create', input: { postalCode: '02134' } },
      { row: 3, action: 'invalid', input: null },
      {
        row: 4,
        action: 'update',
        changes: [
          { field: 'phone', from: '+16175550123', to: null },
          { field: 'subAccount', from: null, to: 'new' },
        ],
      },
    ]);
    const found = await router.send('GET', `/v1/onboarding/plans/${plan.id}`);
    expect(await found.json()).toEqual(plan);
    const keptDays = (Date.parse(plan.expiresAt) - Date.parse(plan.createdAt)) / 86_400_000;
    expect(keptDays).toBeCloseTo(7, 3);
  });

  it('may go on without its invalid rows when that is asked', async () => {
    const body = csvOf([newRow(1), newRow(2, { State: 'TX' })]);
    expect(await planOf(body, csvType, '?onInvalid=skip')).toMatchObject({ runnable: true, onInvalid: 'skip' });
    const { rows } = { rows: [newRow(1), newRow(2, { State: 'TX' })] };
    expect(await planOf({ rows, onInvalid: 'skip' }, {})).toMatchObject({ runnable: true, counts: { invalid: 1 } });
    expect(await planOf([newRow(2, { State: 'TX' })], {}, '?onInvalid=skip')).toMatchObject({ runnable: false });
  });

  it('gives its rows in pages and by action', async () => {
    const plan = await planOf(csvOf([1, 2, 3, 4].map((number) => newRow(number, number === 2 ? { City: '' } : {}))));
    const first = await router.send('GET', `/v1/onboarding/plans/${plan.id}/rows?limit=3`);
    const page = (await first.json()) as { items: ShownPlanRow[]; nextCursor: string };
    expect(page.items.map(({ row }) => row)).toEqual([2, 3, 4]);
    expect((await rowsOf(plan, `?limit=3&cursor=${page.nextCursor}`)).map(({ row }) => row)).toEqual([5]);
    expect((await rowsOf(plan, '?action=invalid')).map(({ row }) => row)).toEqual([3]);
    expect((await router.send('GET', `/v1/onboarding/plans/${plan.id}/rows?limit=0`)).status).toBe(422);
  });

  it('is gone after its time, with its rows', async () => {
    const plan = await planOf(csvOf([newRow(1)]));
    await database.pool.query(`update onboarding_plans set expires_at = now() - interval '1 s' where id = $1`, [
      plan.id,
    ]);
    for (const path of ['', '/rows', '/errors.csv']) {
      expect((await router.send('GET', `/v1/onboarding/plans/${plan.id}${path}`)).status).toBe(404);
    }
    await runNightly(router.app, router.deps);
    const { rows } = await database.pool.query('select from onboarding_plan_rows where plan_id = $1', [plan.id]);
    expect(rows).toEqual([]);
    expect((await router.send('GET', '/v1/onboarding/plans/x')).status).toBe(404);
  });

  it('needs its scopes', async () => {
    const reader = await mintApiKey(router.deps, ['onboarding:read', 'locations:write']);
    const plan = await planOf(csvOf([newRow(1)]));
    const send = (method: string, path: string) => router.send(method, `/v1/onboarding/${path}`, { apiKey: reader });
    expect((await send('GET', `plans/${plan.id}`)).status).toBe(200);
    expect((await send('POST', 'plan')).status).toBe(403);
    expect((await send('POST', 'geocode')).status).toBe(403);
    expect((await send('PUT', 'mappings/a')).status).toBe(403);
    expect((await send('DELETE', 'mappings/a')).status).toBe(403);
  });
});

describe('invalid rows', () => {
  it('come back as a CSV that can be put right and sent again', async () => {
    const rows = [
      newRow(1),
      newRow(2, { 'Zip Code': '9999', 'Location Name': 'Café "Otter", new', Website: '-x' }),
      newRow(3, { 'Location Name': '=HYPERLINK("http://x.example","y")' }),
    ];
    const plan = await planOf(csvOf(rows));
    const response = await router.send('GET', `/v1/onboarding/plans/${plan.id}/errors.csv`);
    expect(response.headers.get('content-type')).toContain('text/csv');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="errors-${plan.id}.csv"`);
    const csv = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer());
    expect(csv).toContain(`"'=HYPERLINK(""http://x.example"",""y"")"`);
    const again = await planOf(csv);
    expect(again.counts).toMatchObject({ total: 2, invalid: 2 });
    expect(again.unknownColumns).toEqual([]);
    expect(again.errors.map(({ column, code }) => [column, code])).toEqual(
      plan.errors.map(({ column, code }) => [column, code]),
    );
    const fixed = csv
      .replace('9999', '02134')
      .replace(`"'=HYPERLINK(""http://x.example"",""y"")"`, 'New 3')
      .replace("'-x", '');
    expect(await planOf(fixed)).toMatchObject({ runnable: true, counts: { create: 2, invalid: 0 } });
  });
});

describe('headings of its own', () => {
  const other = 'store_id,store_name,street,city,state,zip,brand\nS-1,Otter,1 Main St,Boston,MA,2134,x\n';

  it('are suggested by name, which the plan says', async () => {
    const plan = await planOf(other);
    expect(plan).toMatchObject({
      counts: { create: 1 },
      unknownColumns: ['brand'],
      mapping: {
        source: 'suggested',
        columns: { store_id: 'Franchise Code', store_name: 'Location Name', street: 'Address', zip: 'Zip Code' },
      },
    });
    expect(cellsOf(plan.warnings)).toEqual(
      expect.arrayContaining([
        [1, 'store_id', 'heading_mapped'],
        [1, 'Phone', 'no_phone'],
        [2, 'Zip Code', 'postal_code_repaired'],
      ]),
    );
  });

  it('are read by a saved mapping, with its e-mail rule', async () => {
    const columns = { store_id: 'Franchise Code', store_name: 'Location Name', street: 'Address', zip: 'Zip Code' };
    const path = '/v1/onboarding/mappings/otter%20brand';
    const body = { columns, emailRule: '{franchiseCode}@brand.example' };
    const saved = await router.send('PUT', path, { body });
    expect(await saved.json()).toMatchObject({ name: 'otter brand', ...body });
    const plan = await planOf(other, csvType, '?mapping=otter%20brand');
    expect(plan).toMatchObject({ mapping: { name: 'otter brand', source: 'given', columns }, counts: { create: 1 } });
    expect(plan.warningCounts).toMatchObject({ email_filled: 1 });
    expect((await rowsOf(plan))[0]?.input?.email).toBe('s-1@brand.example');
    const form = new FormData();
    form.set('file', new Blob([other]), 'a.csv');
    form.set('columns', JSON.stringify({ ...columns, brand: 'Region' }));
    form.set('emailRule', 'all@brand.example');
    const [row] = await rowsOf(await planOf(form, {}, '?mapping=otter%20brand'));
    expect(row?.input).toMatchObject({ email: 'all@brand.example', region: 'x' });
    expect(await (await router.send('GET', path)).json()).toMatchObject(body);
    const listed = await router.send('GET', '/v1/onboarding/mappings?limit=1');
    expect(await listed.json()).toMatchObject({ items: [{ name: 'otter brand' }], nextCursor: null });
    expect((await router.send('DELETE', path)).status).toBe(204);
    expect((await router.send('DELETE', path)).status).toBe(404);
    expect((await router.send('GET', path)).status).toBe(404);
  });

  it.each([
    ['?mapping=nobody', 'mapping', 'unknown_mapping'],
    ['?emailRule=x', 'emailRule', 'custom'],
    ['?onInvalid=maybe', 'onInvalid', 'invalid_value'],
    ['?colour=red', 'colour', 'unknown_field'],
  ])('or options that do not exist are refused: %s', async (query, field, code) => {
    const response = await post(other, csvType, query);
    expect(response.status).toBe(422);
    expect(((await response.json()) as Problem).errors).toMatchObject([{ field, code }]);
  });

  it('mapped to no column are refused, in a plan and when they are saved', async () => {
    const columns = { store_id: 'Shoe Size' };
    const saved = await router.send('PUT', '/v1/onboarding/mappings/x', { body: { columns } });
    const planned = await post({ rows: [{}], columns }, {});
    for (const response of [saved, planned]) {
      expect(response.status).toBe(422);
      expect(((await response.json()) as Problem).errors).toMatchObject([{ field: 'columns', code: 'unknown_column' }]);
    }
  });
});

const franchiseLocations = readFranchiseLocations();

describe.skipIf(franchiseLocations === null)('3,388 real locations', () => {
  it('are planned: rows without a phone, the wrong time zone and repeated names are what is reported', async () => {
    const plan = await planOf(franchiseLocations, csvType, '?onInvalid=skip&emailRule={franchiseCode}@brand.example');
    expect(plan).toMatchObject({
      runnable: true,
      counts: { total: 3388, create: 3386, update: 0, skip: 0, invalid: 2 },
      mapping: { source: 'suggested' },
      geoConfidences: { rooftop: 3386 },
    });
    expect(plan.errors.map(({ code }) => code).sort()).toEqual([
      'coordinates_far_from_postal_code',
      'coordinates_far_from_postal_code',
      'timezone_not_in_state',
    ]);
    expect(plan.warningCounts).toMatchObject({ no_phone: 15, same_name: 54, email_filled: 3386 });
    expect(plan.warnings.length + plan.warningsOmitted).toBe(
      Object.values(plan.warningCounts).reduce((total, count) => total + count, 0),
    );
  });
});
