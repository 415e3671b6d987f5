import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { countLocationDays } from '../../../db/queries/count-location-days.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { runEveryMinute, runNightly } from '../jobs/sweep.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import type { shownReportSchema } from './shown-report.ts';
import { deliverReports, takeReports } from './testing/deliver-reports.ts';
import { importFarLocations, type FarLocation } from './testing/far-locations.ts';
import { countDaysPlainly, scatterLeads, toPlainDay, type LocationDay } from './testing/plain-days.ts';
import { localDay, storeLeads } from './testing/plain-leads.ts';

type Report = z.output<typeof shownReportSchema>;
interface Page {
  readonly items: LocationDay[];
  readonly nextCursor: string | null;
  readonly servedBy: string;
  readonly report: Report | null;
}

const YEAR = { from: '2025-09-01', to: '2026-10-31' };

let database: TestDatabase;
let router: TestRouter;
let locations: readonly FarLocation[];

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  locations = await importFarLocations(router, database.pool);
  // Both ends of summer time in New York, and a year.
  for (const [from, to, count] of [
    ['2026-03-05', '2026-03-12', 400],
    ['2025-10-30', '2025-11-05', 400],
    ['2025-08-30', '2026-11-02', 600],
  ] as const) {
    const span = { fromMs: Date.parse(from), toMs: Date.parse(to), count };
    await storeLeads(database.pool, scatterLeads(locations, span));
  }
  await database.pool.query(
    `insert into location_capacity (location_id, day, used, daily_cap)
     select k.id, d.day::date, extract(day from d.day)::int, case when k.daily_cap is null then null else 10 end
     from location_keys k, generate_series('2026-03-01'::date, '2026-04-20', '1 day') as d (day)`,
  );
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function ask(query: string, status = 200): Promise<Page> {
  const response = await router.send('GET', `/v1/analytics/locations?${query}`);
  expect(response.status).toBe(status);
  return (await response.json()) as Page;
}

async function readReport(id: string): Promise<Page & { report: Report }> {
  return (await (await router.send('GET', `/v1/analytics/reports/${id}`)).json()) as Page & { report: Report };
}

/** All rows, a page at a time. */
async function readAll(path: string, limit: number): Promise<LocationDay[]> {
  const items: LocationDay[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const separator = path.includes('?') ? '&' : '?';
    const response = await router.send('GET', `${path}${separator}limit=${limit}${cursor && `&cursor=${cursor}`}`);
    expect(response.status).toBe(200);
    const page = (await response.json()) as Page;
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

const toQuery = ({ from, to }: { from: string; to: string }): string => `from=${from}&to=${to}`;

describe('a month and less', () => {
  it.each([
    { from: '2026-03-01', to: '2026-03-31' },
    { from: '2025-10-28', to: '2025-11-06' },
    { from: '2026-03-08', to: '2026-03-08' },
    { from: '2026-04-15', to: '2026-04-25' },
  ])('is equal to a plain count, $from to $to', async (span) => {
    const { items, report, servedBy } = await ask(`${toQuery(span)}&limit=2000`);
    expect([report, servedBy]).toEqual([null, 'primary']);
    const plain = await countDaysPlainly(database.pool, { ...span, locations });
    expect(plain.length).toBeGreaterThan(0);
    expect(items.map(toPlainDay)).toEqual(plain);
  });

  it('is the same in pages, and of some locations alone', async () => {
    const span = { from: '2026-03-01', to: '2026-03-31' };
    const whole = await ask(`${toQuery(span)}&limit=2000`);
    expect(await readAll(`/v1/analytics/locations?${toQuery(span)}`, 7)).toEqual(whole.items);
    expect(whole.items[0]?.location).toEqual({ id: locations[0]?.id, name: 'Location Z-0', franchiseCode: 'Z-0' });
    const some = locations.slice(1, 3);
    const ids = some.map(({ id }) => id.toUpperCase()).toReversed();
    const { items } = await ask(`${toQuery(span)}&locationIds=${ids.join(',')}&limit=2000`);
    expect(items.map(toPlainDay)).toEqual(await countDaysPlainly(database.pool, { ...span, locations: some }));
  });
});

it('is the same counted a few locations at a time, as reports are', async () => {
  const question = { from: '2026-03-01', to: '2026-03-31', locationIds: null, after: null, limit: 1000 };
  const whole = await countLocationDays(router.deps.database, { ...question, skip: 0, take: 4 });
  const parts = [0, 3].map((skip) => countLocationDays(router.deps.database, { ...question, skip, take: 3 }));
  expect((await Promise.all(parts)).flat()).toEqual(whole);
});

describe('what is asked wrongly', () => {
  const read = async (query: string): Promise<string[]> => {
    const response = await router.send('GET', `/v1/analytics/locations?${query}`);
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    return errors.map(({ field }) => field).toSorted();
  };

  it('is named field by field, all at once', async () => {
    expect(await read('')).toEqual(['from', 'to']);
    expect(await read('from=2026-02-30&to=March')).toEqual(['from', 'to']);
    expect(await read('from=2026-03-31&to=2026-03-01&locationIds=a,b&limit=0&cursor=c&by=day')).toEqual(
      ['by', 'cursor', 'limit', 'locationIds.0', 'locationIds.1', 'to'].toSorted(),
    );
    expect(await read('from=2020-01-01&to=2026-03-01')).toEqual(['to']);
    const nobody = '01900000-0000-7000-8000-000000000000';
    expect(await read(`${toQuery(YEAR)}&locationIds=${nobody}`)).toEqual(['locationIds']);
  });
});

describe('a long time', () => {
  it('is computed slice by slice, each safe to run twice, and answered from there', async () => {
    const asked = await router.send('GET', `/v1/analytics/locations?${toQuery(YEAR)}`);
    expect(asked.status).toBe(202);
    const { report } = (await asked.json()) as { report: Report };
    expect(asked.headers.get('location')).toBe(report.url);
    expect(report).toMatchObject({ status: 'running', percent: 0, locations: 4, locationIds: null, ...YEAR });
    expect(await readReport(report.id)).toMatchObject({ items: [], nextCursor: null, report });
    expect(router.sent).toMatchObject([{ flowControl: { key: 'analytics-reports', parallelism: 3 } }]);

    expect(await deliverReports(router, 2)).toBe(14);
    const done = await readReport(report.id);
    expect(done.report).toMatchObject({ status: 'finished', percent: 100, error: null, replicaLagSeconds: null });
    const plain = await countDaysPlainly(database.pool, { ...YEAR, locations });
    expect((await readAll(report.url, 300)).map(toPlainDay)).toEqual(plain);
    const again = await readAll(`/v1/analytics/locations?${toQuery(YEAR)}`, 2000);
    expect(again.map(toPlainDay)).toEqual(plain);
    expect(router.sent).toEqual([]);
  });

  it('is computed once, whoever asks the same meanwhile, and however it is written', async () => {
    const [a, b] = locations.map(({ id }) => id);
    const queries = [`${a},${b}`, `${b},${a}`, `${b?.toUpperCase()},${a},${b}`].map(
      (ids) => `${toQuery(YEAR)}&locationIds=${ids}`,
    );
    const answers = await Promise.all([...queries, ...queries].map((query) => ask(query, 202)));
    expect(new Set(answers.map(({ report }) => report?.id)).size).toBe(1);
    expect(await deliverReports(router)).toBe(14);
    const plain = await countDaysPlainly(database.pool, { ...YEAR, locations: locations.slice(0, 2) });
    expect((await readAll(answers[0]?.report?.url ?? '', 2000)).map(toPlainDay)).toEqual(plain);
  });

  it('is computed anew after a day, or after an hour where its days are not over', async () => {
    const today = localDay(Date.now(), 'UTC');
    const spans = [
      { from: '2025-09-01', to: '2025-12-31', minutes: 24 * 60 },
      { from: localDay(Date.now() - 40 * 86_400_000, 'UTC'), to: today, minutes: 60 },
    ];
    for (const { minutes, ...span } of spans) {
      const first = (await ask(toQuery(span), 202)).report;
      await deliverReports(router);
      const setAge = (age: number): Promise<unknown> =>
        database.pool.query(
          'update analytics_reports set created_at = now() - make_interval(mins => $1) where id = $2',
          [age, first?.id],
        );
      await setAge(minutes - 5);
      expect((await ask(toQuery(span))).report?.id).toBe(first?.id);
      await setAge(minutes + 5);
      expect((await ask(toQuery(span), 202)).report?.id).not.toBe(first?.id);
      await deliverReports(router);
    }
  });

  it('goes on by the minute’s Cron when its message is lost, or its Worker dies after a slice, and gives up in the end', async () => {
    const span = { from: '2025-09-01', to: '2026-01-31' };
    const id = (await ask(toQuery(span), 202)).report?.id ?? '';
    const makeDue = (): Promise<unknown> =>
      database.pool.query(`update analytics_reports set due_at = now() where id = $1`, [id]);
    expect(takeReports(router)).toHaveLength(1);
    await runEveryMinute(router.app, router.deps);
    expect(takeReports(router)).toEqual([]);
    await makeDue();
    await runEveryMinute(router.app, router.deps);
    const first = router.sent.find(({ url }) => url.endsWith('/count-report'));
    expect(first).toMatchObject({ body: JSON.stringify({ reportId: id, slice: 0 }) });
    expect(await deliverReports(router)).toBe(5);
    expect((await readReport(id)).report.status).toBe('finished');

    const lost = (await ask(toQuery({ ...span, to: '2026-02-01' }), 202)).report?.id ?? '';
    await database.pool.query('update analytics_reports set due_at = now(), sweeps = 10 where id = $1', [lost]);
    await runEveryMinute(router.app, router.deps);
    expect((await readReport(lost)).report).toMatchObject({ status: 'failed', error: 'gave_up' });
    takeReports(router);
    expect((await ask(toQuery({ ...span, to: '2026-02-01' }), 202)).report?.id).not.toBe(lost);
    await deliverReports(router);
  });

  it('waits while too many others are computed', async () => {
    const days = Array.from({ length: 20 }, (_, index) => `2026-05-${String(index + 1).padStart(2, '0')}`);
    for (const to of days) await ask(toQuery({ from: '2026-01-01', to }), 202);
    const refused = await router.send('GET', '/v1/analytics/locations?from=2026-01-01&to=2026-06-01');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await deliverReports(router);
    await ask('from=2026-01-01&to=2026-06-01', 202);
    await deliverReports(router);
  });

  it('is gone after a week', async () => {
    const { report } = await ask(toQuery({ from: '2025-09-01', to: '2025-12-30' }), 202);
    await deliverReports(router);
    await database.pool.query(`update analytics_reports set created_at = now() - interval '8 days' where id = $1`, [
      report?.id,
    ]);
    await runNightly(router.app, router.deps);
    await runNightly(router.app, router.deps);
    expect((await router.send('GET', report?.url ?? '')).status).toBe(404);
    const { rows } = await database.pool.query('select from analytics_report_rows where report_id = $1', [report?.id]);
    expect(rows).toEqual([]);
  });
});
