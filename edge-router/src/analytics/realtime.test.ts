import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type * as z from 'zod';
import type { locationPerformanceSchema } from '../../../db/queries/read-location-performance.ts';
import { eventually } from '../../../local/testing/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { runEveryFiveMinutes } from '../jobs/sweep.ts';
import { createTestRouter, mintApiKey, type TestRouter } from '../testing/test-router.ts';
import { importFarLocations, type FarLocation } from './testing/far-locations.ts';
import { localDay, readLeads, storeLeads, type PlainLead } from './testing/plain-leads.ts';

type Item = z.output<typeof locationPerformanceSchema>;
interface Page {
  readonly items: Item[];
  readonly nextCursor: string | null;
  readonly refreshedAt: string;
  readonly ageSeconds: number;
}

const HOUR_MS = 3_600_000;

let database: TestDatabase;
let router: TestRouter;
let locations: readonly FarLocation[];

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  locations = await importFarLocations(router, database.pool);
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function get(query = ''): Promise<Page> {
  const response = await router.send('GET', `/v1/analytics/realtime${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

const refresh = (): Promise<void> => runEveryFiveMinutes(router.deps);

/** Counted lead by lead, of the locations' days at that moment. */
async function countPlainly(nowMs: number): Promise<Omit<Item, 'location'>[]> {
  const leads = await readLeads(database.pool);
  const seats = await database.pool.query<{ key: string; used: number }>(
    `select location_id || ' ' || day as key, used from location_capacity`,
  );
  const usedByKey = new Map(seats.rows.map(({ key, used }) => [key, used]));
  return locations.map(({ id, timezone, cap }) => {
    const day = localDay(nowMs, timezone);
    const own = leads.filter(
      (lead) => lead.status === 'assigned' && lead.locationId === id && localDay(lead.createdMs, timezone) === day,
    );
    const conversions = own.filter(({ stage }) => stage === 'won').length;
    const used = usedByKey.get(`${id} ${day}`) ?? 0;
    return {
      day,
      leadsToday: own.length,
      conversions,
      conversionRate: own.length === 0 ? null : roundShare(conversions / own.length),
      used,
      dailyCap: cap,
      utilisation: cap === null || cap === 0 ? null : roundShare(used / cap),
    };
  });
}

const roundShare = (share: number): number => Number(share.toFixed(4));

const arbitraryLead = fc.record({
  index: fc.nat(3),
  minutesAgo: fc.nat(40 * 60),
  status: fc.constantFrom('assigned' as const, 'assigned' as const, 'parked' as const, 'duplicate' as const),
  stage: fc.constantFrom(null, 'delivered' as const, 'contacted' as const, 'won' as const, 'lost' as const),
});

it('is equal to a plain count after each refresh, whatever leads came and whatever became of them', async () => {
  const change = fc.record({
    leads: fc.array(arbitraryLead, { minLength: 8, maxLength: 40, size: 'max' }),
    moveTo: fc.nat(3),
    stage: fc.constantFrom('won', 'lost', 'contacted'),
    seats: fc.array(fc.record({ index: fc.nat(3), daysAgo: fc.nat(2), used: fc.nat(12) }), { maxLength: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ leads, moveTo, stage, seats }) => {
      const nowMs = Date.now();
      await storeLeads(
        database.pool,
        leads.map(({ index, minutesAgo, ...lead }): PlainLead => ({
          ...lead,
          locationId: lead.status === 'assigned' ? (locations[index]?.id ?? null) : null,
          createdMs: nowMs - minutesAgo * 60_000,
          source: 'website',
          matchLevel: 'nearest',
          deliveredMs: null,
          contactedMs: null,
        })),
      );
      for (const { index, daysAgo, used } of seats) {
        const { id, timezone } = locations[index] ?? { id: '', timezone: '' };
        await database.pool.query(
          `insert into location_capacity (location_id, day, used) values ($1, $2, $3)
           on conflict (location_id, day) do update set used = excluded.used`,
          [id, localDay(nowMs - daysAgo * 24 * HOUR_MS, timezone), used],
        );
      }
      // One lead goes to somebody else, one goes on.
      await database.pool.query(
        `update leads set location_id = $1 where id = (select id from leads where status = 'assigned' order by id desc limit 1)`,
        [locations[moveTo]?.id],
      );
      await database.pool.query(
        `update leads set stage = $1 where id = (select max(id::text)::uuid from leads where status = 'assigned' and stage is null)`,
        [stage],
      );
      await refresh();
      const { items, refreshedAt } = await get();
      const shown = items.map(({ location: _location, ...counts }) => counts);
      expect(shown).toEqual(await countPlainly(Date.parse(refreshedAt)));
    }),
    { numRuns: 25 },
  );
  expect((await get()).items.some(({ conversions }) => conversions > 0)).toBe(true);
});

it('says how old it is, shows what was true then, and is an alarm after a quarter of an hour', async () => {
  await refresh();
  const before = await get();
  const at = Date.parse(before.refreshedAt);
  const lead = { status: 'assigned', source: 'website', matchLevel: 'nearest', stage: null } as const;
  const locationId = locations[0]?.id ?? '';
  await storeLeads(database.pool, [{ ...lead, locationId, createdMs: at, deliveredMs: null, contactedMs: null }]);
  expect((await get()).items).toEqual(before.items);
  const readAlarms = async (): Promise<string[]> => {
    const ready = (await (await router.send('GET', '/readyz')).json()) as { alarms: { name: string }[] };
    return ready.alarms.map(({ name }) => name);
  };
  expect(await readAlarms()).not.toContain('performance_stale');

  await database.pool.query(`update location_performance_refreshes set refreshed_at = now() - interval '16 minutes'`);
  expect((await get()).ageSeconds).toBeGreaterThanOrEqual(960);
  expect(await readAlarms()).toContain('performance_stale');

  await refresh();
  expect(await readAlarms()).not.toContain('performance_stale');
  expect((await get()).items[0]?.leadsToday).toBe((before.items[0]?.leadsToday ?? 0) + 1);
});

it('is refreshed by one at a time: who comes meanwhile does not wait, and readers go on', async () => {
  const holder = await database.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select refresh_location_performance()');
    const { refreshedAt } = await get();
    await refresh();
    expect(router.logged.join('\n')).toContain('performance_refresh_busy');
    expect((await get()).refreshedAt).toBe(refreshedAt);
    await holder.query('commit');
    await eventually(async () => expect((await get()).refreshedAt > refreshedAt).toBe(true));
    await refresh();
  } finally {
    holder.release();
  }
});

it('is read in pages, or for some locations alone, and names every bad field at once', async () => {
  const pages: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page = await get(`?limit=3${cursor && `&cursor=${cursor}`}`);
    pages.push(...page.items);
    cursor = page.nextCursor;
  }
  expect(pages.map(({ location }) => location.id)).toEqual(locations.map(({ id }) => id));
  expect(pages[0]?.location.name).toMatch(/^Location Z-/);

  const [first, , third] = locations.map(({ id }) => id);
  const some = await get(`?locationIds=${third},${first?.toUpperCase()},${third}`);
  expect(some.items.map(({ location }) => location.id)).toEqual([first, third]);

  const bad = await router.send('GET', `/v1/analytics/realtime?locationIds=${first},x&limit=0&cursor=y&size=1`);
  expect(bad.status).toBe(422);
  const { errors } = (await bad.json()) as { errors: { field: string }[] };
  expect(errors.map(({ field }) => field).toSorted()).toEqual(['cursor', 'limit', 'locationIds.1', 'size']);
});

it('needs its own scope', async () => {
  const apiKey = await mintApiKey(router.deps, ['leads:read']);
  expect((await router.send('GET', '/v1/analytics/realtime', { apiKey })).status).toBe(403);
  const allowed = await mintApiKey(router.deps, ['analytics:read']);
  expect((await router.send('GET', '/v1/analytics/realtime', { apiKey: allowed })).status).toBe(200);
});
