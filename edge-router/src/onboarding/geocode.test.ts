import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOnboardingBatch } from '../../../db/queries/create-onboarding-batch.ts';
import { startCensus, type CensusServer } from '../../../local/census/server.ts';
import { signDelivery } from '../../../local/qstash/protocol/signature.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, TEST_SIGNING_KEYS, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import { runEveryMinute } from '../jobs/sweep.ts';
import { createCensusGeocoder, type GeocodeBatch } from './census-geocoder.ts';
import type { ShownPlanRow } from './shown-plan-row.ts';
import type { ShownPlan } from './shown-plan.ts';

let database: TestDatabase;
let router: TestRouter;
let census: CensusServer;
/** What the Census does now; the stand-in, unless a test says otherwise. */
let geocode: GeocodeBatch;

beforeAll(async () => {
  [database, census] = await Promise.all([createTestDatabase(), startCensus({ port: 0 })]);
  router = await createTestRouter({ database, geocodeBatch: (...given) => geocode(...given) });
});

beforeEach(() => {
  geocode = createCensusGeocoder({ baseUrl: census.url });
  router.sent.length = 0;
});

afterAll(async () => {
  await router.settle();
  await census.stop();
  await database.drop();
});

const birmingham = { Address: '100 Harbor Street', City: 'Birmingham', State: 'AL', 'Zip Code': '35233' };
const mobile = { Address: '237 Juniper Way', City: 'Mobile', State: 'AL', 'Zip Code': '36606' };
const toronto = { Address: '1 Front St', City: 'Toronto', State: 'ON', 'Zip Code': 'M5V 2T6', Phone: '' };

async function planOf(...rows: Record<string, string>[]): Promise<ShownPlan> {
  const body = csvOf(rows.map((row, i) => testRow({ 'Franchise Code': `G-${i}`, 'Location Name': `G ${i}`, ...row })));
  const response = await router.send('POST', '/v1/onboarding/plan', { body, headers: { 'content-type': 'text/csv' } });
  await router.settle();
  return (await response.json()) as ShownPlan;
}

async function lookUp(plan: ShownPlan): Promise<ShownPlan> {
  return (await (await router.send('GET', `/v1/onboarding/plans/${plan.id}`)).json()) as ShownPlan;
}

async function rowsOf(plan: ShownPlan): Promise<ShownPlanRow[]> {
  const response = await router.send('GET', `/v1/onboarding/plans/${plan.id}/rows?limit=500`);
  return ((await response.json()) as { items: ShownPlanRow[] }).items;
}

/** Delivers the messages that wait, signed as QStash does, and those that come of them. @returns the statuses */
async function deliver(): Promise<number[]> {
  const statuses: number[] = [];
  for (let message = router.sent.shift(); message; message = router.sent.shift()) {
    const { url, body } = message;
    const signature = signDelivery({
      url,
      body: Buffer.from(body),
      signingKey: TEST_SIGNING_KEYS.currentSigningKey,
      nowMs: Date.now(),
    });
    const headers = { 'upstash-signature': signature, 'content-type': 'application/json' };
    statuses.push((await router.send('POST', new URL(url).pathname, { body, headers, apiKey: null })).status);
  }
  return statuses;
}

async function makeDue(plan: ShownPlan): Promise<void> {
  await database.pool.query(`update onboarding_plans set geocoding_due_at = now() where id = $1`, [plan.id]);
}

describe('a plan’s addresses', () => {
  it('are geocoded by a job, which better points are kept of', async () => {
    const plan = await planOf(birmingham, { ...mobile, Address: '9 Nowhere Rd' }, toronto, {
      ...birmingham,
      State: 'TX',
    });
    expect(plan).toMatchObject({ geocoding: { status: 'pending', rows: { pending: 2 } }, geoConfidences: { zip: 3 } });
    expect(await deliver()).toEqual([204]);
    expect(await lookUp(plan)).toMatchObject({
      geocoding: { status: 'done', rows: { match: 1, no_match: 1 } },
      geoConfidences: { rooftop: 1, zip: 2 },
    });
    const rows = await rowsOf(plan);
    expect(rows.map(({ geocoding, input }) => [geocoding, input?.geoConfidence])).toEqual([
      ['match', 'rooftop'],
      ['no_match', 'zip'],
      [null, 'zip'],
      [null, undefined],
    ]);
    const [zip] = await rowsOf(await planOf(birmingham));
    expect(rows[0]?.input?.coordinates).not.toEqual(zip?.input?.coordinates);
  });

  it('are brought to the rows of a batch that was made meanwhile', async () => {
    const plan = await planOf(birmingham, { ...mobile, Address: '9 Nowhere Rd' });
    const request = { batchId: router.deps.newId(), planId: plan.id, name: 'early', onFailure: 'keep' } as const;
    await createOnboardingBatch(router.deps.database, request);
    await deliver();
    const { rows } = await database.pool.query<{ confidence: string }>(
      `select input ->> 'geoConfidence' as confidence from onboarding_batch_rows where batch_id = $1 order by row_number`,
      [request.batchId],
    );
    expect(rows.map(({ confidence }) => confidence)).toEqual(['rooftop', 'zip']);
    await database.pool.query('delete from onboarding_batches where id = $1', [request.batchId]);
  });

  it('are none where the file has the points', async () => {
    const plan = await planOf({ ...birmingham, Latitude: '33.51', Longitude: '-86.81' });
    expect(plan.geocoding).toEqual({ status: 'none', rows: {} });
    expect(router.sent).toEqual([]);
  });

  it('are asked for in parts, each asking for the next', async () => {
    const asked: number[] = [];
    geocode = (addresses) => {
      asked.push(addresses.length);
      return Promise.resolve({ ok: true, value: new Map(addresses.map(({ id }) => [id, { kind: 'no_match' }])) });
    };
    const plan = await planOf(...Array.from({ length: 2300 }, (_, i) => ({ ...mobile, Address: `${i} Oak St` })));
    expect(await deliver()).toEqual([204, 204, 204]);
    expect(asked).toEqual([1000, 1000, 300]);
    expect((await lookUp(plan)).geocoding).toEqual({ status: 'done', rows: { no_match: 2300 } });
  });

  it('far from their ZIP are not believed, nor is an address that the answer lacks waited for', async () => {
    geocode = () =>
      Promise.resolve({
        ok: true,
        value: new Map([
          ['2', { kind: 'match', isExact: true, coordinates: { lng: -71, lat: 42 }, matchedAddress: 'X' }],
          ['3', { kind: 'tie' }],
        ]),
      });
    const plan = await planOf(birmingham, mobile, { ...mobile, Address: '1 Elm St' });
    await deliver();
    expect((await lookUp(plan)).geocoding).toEqual({
      status: 'done',
      rows: { far_from_postal_code: 1, tie: 1, no_match: 1 },
    });
    expect((await rowsOf(plan))[0]?.input?.geoConfidence).toBe('zip');
  });

  it('decide the time zone where the file does not', async () => {
    // Of Phenix City, Alabama, whose clocks are Georgia's.
    const coordinates = { lng: -85.0, lat: 32.47 };
    geocode = (addresses) =>
      Promise.resolve({
        ok: true,
        value: new Map(
          addresses.map(({ id }) => [id, { kind: 'match', isExact: true, coordinates, matchedAddress: 'X' }]),
        ),
      });
    const place = { City: 'Phenix City', State: 'AL', 'Zip Code': '36867' };
    const plan = await planOf(place, { ...place, Address: '2 Main St', Timezone: 'America/Chicago' });
    await deliver();
    expect((await rowsOf(plan)).map(({ input }) => [input?.coordinates, input?.timezone])).toEqual([
      [coordinates, 'America/New_York'],
      [coordinates, 'America/Chicago'],
    ]);
  });

  it('wait out a Census that is away, are given up at last, and taken up again when asked', async () => {
    const plan = await planOf(birmingham);
    geocode = createCensusGeocoder({ baseUrl: 'http://127.0.0.1:9' });
    expect(await deliver()).toEqual([204]);
    expect((await lookUp(plan)).geocoding).toEqual({ status: 'pending', rows: { pending: 1 } });
    await runEveryMinute(router.app, router.deps);
    expect(router.sent).toEqual([]);
    for (let failures = 1; failures < 6; failures++) {
      await makeDue(plan);
      await runEveryMinute(router.app, router.deps);
      expect(await deliver()).toEqual([204]);
    }
    expect((await lookUp(plan)).geocoding.status).toBe('gave_up');
    expect(router.logged.filter((line) => line.includes('geocoding_failed')).length).toBeGreaterThanOrEqual(6);
    geocode = createCensusGeocoder({ baseUrl: census.url });
    const asked = await router.send('POST', '/v1/onboarding/geocode', { body: { planId: plan.id } });
    expect([asked.status, await asked.json()]).toEqual([202, { planId: plan.id, waiting: 1 }]);
    expect(await deliver()).toEqual([204]);
    expect((await lookUp(plan)).geocoding).toEqual({ status: 'done', rows: { match: 1 } });
  });

  it('are taken up by the minute’s Cron when the message was lost', async () => {
    const plan = await planOf(birmingham);
    router.sent.length = 0;
    await makeDue(plan);
    await runEveryMinute(router.app, router.deps);
    expect(await deliver()).toEqual([204]);
    expect((await lookUp(plan)).geocoding.status).toBe('done');
    await makeDue(plan);
    await runEveryMinute(router.app, router.deps);
    expect(router.sent).toEqual([]);
  });

  it('are written once, however often and at the same time the job runs', async () => {
    const plan = await planOf(birmingham, mobile);
    const [message] = router.sent;
    if (message) router.sent.push(message, message);
    expect(await deliver()).toEqual([204, 204, 204]);
    expect((await lookUp(plan)).geocoding).toEqual({ status: 'done', rows: { match: 2 } });
    const unknown = { body: { planId: 'x' }, apiKey: null };
    expect((await router.send('POST', '/v1/jobs/geocode-plan', unknown)).status).toBe(401);
  });
});

describe('POST /v1/onboarding/geocode', () => {
  const addresses = [
    { id: 'a', address: '100 Harbor Street', city: 'Birmingham', state: 'Alabama', postalCode: '35233' },
    { id: 'b', address: '9 Nowhere Rd', city: 'Mobile', state: 'AL', postalCode: '36606' },
    { address: '9 Nowhere Rd', city: 'Mobile', state: 'AL' },
    { id: 'd', address: '1 Front St', state: 'ON', postalCode: 'M5V 2T6' },
    { id: 'e', state: 'Atlantis' },
    { id: 'f', address: '1 Elm St', state: 'VT' },
  ];

  it('places addresses by the Census, else by postal code, city, state, and says how well', async () => {
    const response = await router.send('POST', '/v1/onboarding/geocode', { body: { addresses } });
    const { items, censusAvailable } = (await response.json()) as {
      items: Record<string, unknown>[];
      censusAvailable: boolean;
    };
    expect(censusAvailable).toBe(true);
    expect(items.map(({ id, outcome, geoConfidence, timezone }) => [id, outcome, geoConfidence, timezone])).toEqual([
      ['a', 'match', 'rooftop', 'America/Chicago'],
      ['b', 'no_match', 'zip', 'America/Chicago'],
      [null, 'no_match', 'city', 'America/Chicago'],
      ['d', 'not_asked', 'zip', 'America/Toronto'],
      ['e', 'not_asked', null, null],
      ['f', 'no_match', 'state', 'America/New_York'],
    ]);
    expect(items[0]).toMatchObject({ matchedAddress: '100 HARBOR ST, BIRMINGHAM, AL, 35233' });
  });

  it('answers without the Census what can be answered', async () => {
    geocode = createCensusGeocoder({ baseUrl: 'http://127.0.0.1:9' });
    const response = await router.send('POST', '/v1/onboarding/geocode', {
      body: { addresses: addresses.slice(0, 1) },
    });
    expect(await response.json()).toMatchObject({
      items: [{ outcome: 'unavailable', geoConfidence: 'zip' }],
      censusAvailable: false,
    });
  });

  it.each([
    [{ addresses: [] }, 422],
    [{ addresses: Array.from({ length: 1001 }, () => ({ state: 'AL' })) }, 422],
    [{ addresses: [{ street: 'x' }] }, 422],
    [{}, 422],
    [{ planId: '0199aaaa-0000-7000-8000-000000000009' }, 404],
  ])('refuses %#', async (body, status) => {
    expect((await router.send('POST', '/v1/onboarding/geocode', { body })).status).toBe(status);
  });
});
