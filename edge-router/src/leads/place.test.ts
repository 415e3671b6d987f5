import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { RoutedLead } from './routed-lead.ts';

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  const rows = [
    testRow({ 'Franchise Code': 'BOS', 'Zip Code': '02134', City: 'Allston' }),
    testRow({ 'Franchise Code': 'AUS', 'Zip Code': '78701', City: 'Austin', State: 'TX' }),
  ];
  const headers = { 'content-type': 'text/csv' };
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers });
  const rules = {
    radiusMiles: 400,
    territory: { whenOwnerUnavailable: 'overflow' },
    overflow: { mode: 'none' },
    stickyDays: 0,
    dedupeWindowMinutes: 0,
    fromBrowser: ['website'],
  };
  await router.send('POST', '/v1/rules', { body: rules });
  await router.send('POST', '/v1/rules/2/publish', { body: {} });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

/** As Cloudflare hands a request over: with the place of the address that sent it, in texts. */
async function send(fields: Record<string, unknown>, cf?: Record<string, string>): Promise<RoutedLead> {
  const request = new Request('https://router.test/v1/leads', {
    method: 'POST',
    headers: { authorization: `Bearer ${router.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ source: 'website', ...fields }),
  });
  const work: Promise<unknown>[] = [];
  const context = {
    waitUntil: (each: Promise<unknown>) => void work.push(each),
    passThroughOnException: () => {},
    props: {},
  };
  const response = await router.app.fetch(cf ? Object.assign(request, { cf }) : request, {}, context);
  await Promise.allSettled(work);
  return (await response.json()) as RoutedLead;
}

const austin = { latitude: '30.27', longitude: '-97.74' };

it.each([
  ['coordinates before all else', { coordinates: { lng: -71.1, lat: 42.3 }, postalCode: '78701' }, 'rooftop', 'BOS'],
  ['a postal code before city and state', { postalCode: '02134', city: 'Austin', state: 'TX' }, 'zip', 'BOS'],
  ['a city with its state', { city: 'Austin', state: 'Texas' }, 'city', 'AUS'],
  ['a state', { state: 'MA' }, 'state', 'BOS'],
  ['the place of a browser’s address', {}, 'ip', 'AUS'],
])('a lead is placed by %s', async (_what, fields, geoConfidence, franchiseCode) => {
  expect(await send(fields, austin)).toMatchObject({ location: { franchiseCode }, decision: { geoConfidence } });
});

it('the place of an address counts for sources of browsers alone, for others are servers', async () => {
  const parked = { status: 'parked', decision: { parkedReason: 'no_place', geoConfidence: null } };
  expect(await send({ source: 'crm' }, austin)).toMatchObject(parked);
  expect(await send({})).toMatchObject(parked);
  expect(await send({}, { latitude: 'nowhere', longitude: '' })).toMatchObject(parked);
});
