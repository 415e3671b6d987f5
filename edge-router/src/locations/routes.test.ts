import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

let database: TestDatabase;
let router: TestRouter;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  expect((await sendCsv('/v1/locations/import', csvOf([testRow({ 'Franchise Code': 'BOS-1' })]))).status).toBe(200);
});

afterAll(() => database.drop());

function sendCsv(path: string, body: string): Promise<Response> {
  return Promise.resolve(router.send('POST', path, { body, headers: { 'content-type': 'text/csv' } }));
}

describe('an import', () => {
  it('of locations says which columns it left out, so that a misspelt heading is noticed', async () => {
    const csv = csvOf([testRow({ 'Franchise Code': 'BOS-2' })]).replace('Capacity Limit', 'Capcity Limit');
    const response = await sendCsv('/v1/locations/import', csv);
    expect(await response.json()).toMatchObject({
      created: 1,
      warnings: [{ row: 1, column: 'Capcity Limit', code: 'unknown_column' }],
    });
  });

  it('of territories says which columns it left out', async () => {
    const response = await sendCsv('/v1/territories/import', 'Postal Code,Franchise Code,Exclusve\n02134,BOS-1,no\n');
    expect(await response.json()).toMatchObject({
      total: 1,
      warnings: [{ row: 1, column: 'Exclusve', code: 'unknown_column' }],
    });
  });

  it.each(['/v1/locations/import', '/v1/territories/import'])(
    'to %s names a cell of lists in lists, however deep',
    async (path) => {
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      const cells = `"Franchise Code":"BOS-1","Location Name":${deep},"Zip Code":${deep},"Address":"a","City":"b","State":"MA"`;
      const headers = { 'content-type': 'application/json' };
      const response = await router.send('POST', path, { body: `[{${cells}}]`, headers });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        errors: expect.arrayContaining([expect.objectContaining({ value: '[…]', code: 'not_text' })]),
      });
    },
  );

  it('of territories names every row whose franchise code no location has', async () => {
    const csv = 'Postal Code,Franchise Code\n02134,NOPE\n02446,BOS-1\n10001,NOPE\n';
    const response = await sendCsv('/v1/territories/import', csv);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      errors: [2, 4].map((row) => ({ row, column: 'Franchise Code', value: 'NOPE', code: 'unknown_franchise_code' })),
    });
  });
});

describe('nearby', () => {
  it.each(['lng=&lat=', 'lng=%20&lat=1', 'lng=0x10&lat=1', 'postalCode=02134&radiusMiles='])(
    'refuses what is no number instead of taking it for one: %s',
    async (query) => {
      expect((await router.send('GET', `/v1/locations/nearby?${query}`)).status).toBe(422);
    },
  );

  it.each(['drain-cleaning', 'Drain%20Cleaning', 'DRAIN_CLEANING'])(
    'finds who offers a service, however it is written: %s',
    async (service) => {
      const row = (code: string, specialties: string): Record<string, string> =>
        testRow({
          'Franchise Code': code,
          'Zip Code': '99501',
          City: 'Anchorage',
          State: 'AK',
          Specialties: specialties,
        });
      await sendCsv('/v1/locations/import', csvOf([row('DRAINS', 'Drain Cleaning'), row('ROOFS', 'Roofs')]));
      const response = await router.send(
        'GET',
        `/v1/locations/nearby?postalCode=99501&radiusMiles=9&service=${service}`,
      );
      const { items } = (await response.json()) as { items: { franchiseCode: string }[] };
      expect(items.map(({ franchiseCode }) => franchiseCode)).toEqual(['DRAINS']);
    },
  );

  it('takes numbers as they are written', async () => {
    const response = await router.send('GET', '/v1/locations/nearby?lng=-71.13&lat=%2B42.35&radiusMiles=1e2&limit=5');
    expect(response.status).toBe(200);
    expect(((await response.json()) as { items: unknown[] }).items.length).toBeGreaterThan(0);
  });
});
