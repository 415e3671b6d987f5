import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

let database: TestDatabase;
let router: TestRouter;
const sent: string[] = [];

interface Page {
  readonly items: Record<string, unknown>[];
  readonly nextCursor: string | null;
}

async function list(query: string): Promise<Page> {
  const response = await router.send('GET', `/v1/leads${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  const body = csvOf([testRow({ 'Franchise Code': 'ONE', 'Zip Code': '02134', City: 'Allston' })]);
  await router.send('POST', '/v1/locations/import', { body, headers: { 'content-type': 'text/csv' } });
  for (const fields of [{ postalCode: '02134', firstName: 'Ada' }, {}, { postalCode: '02134', source: 'phone' }]) {
    const response = await router.send('POST', '/v1/leads', { body: { source: 'web', ...fields } });
    sent.push(((await response.json()) as { leadId: string }).leadId);
  }
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

it('lists leads newest first, page by page', async () => {
  const first = await list('?limit=2');
  expect(first.items.map((item) => item['leadId'])).toEqual([sent[2], sent[1]]);
  expect(first.nextCursor).toBe(sent[1]);
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect(second.items.map((item) => item['leadId'])).toEqual([sent[0]]);
  expect(second.nextCursor).toBeNull();
  expect(second.items[0]).toMatchObject({
    source: 'web',
    status: 'assigned',
    matchLevel: 'nearest',
    postalCode: '02134',
    person: { firstName: 'Ada', lastName: null },
  });
  expect(second.items[0]).not.toHaveProperty('decision');
});

it('filters by status, location, source and time', async () => {
  const [assigned] = (await list('?source=phone')).items;
  expect(assigned?.['leadId']).toBe(sent[2]);
  expect((await list(`?locationId=${String(assigned?.['locationId']).toUpperCase()}`)).items).toHaveLength(2);
  expect((await list('?status=parked')).items).toMatchObject([{ leadId: sent[1], parkedReason: 'no_place' }]);
  expect((await list('?to=2020-01-01')).items).toEqual([]);
  expect((await list('?from=2020-01-01T00:00:00%2B02:00&order=oldest')).items.map((item) => item['leadId'])).toEqual(
    sent,
  );
});

it('names every bad part of the query at once', async () => {
  const query = 'limit=201&cursor=x&order=up&status=new&locationId=7&source=a%00b&from=2026-02-30&to=0000-01-01&page=2';
  const response = await router.send('GET', `/v1/leads?${query}`);
  expect(response.status).toBe(422);
  const { errors } = (await response.json()) as { errors: { field: string }[] };
  expect(errors.map((error) => error.field).sort()).toEqual(
    ['limit', 'cursor', 'order', 'status', 'locationId', 'source', 'from', 'to', 'page'].sort(),
  );
});

it('takes no id for a cursor that holds no time', async () => {
  const response = await router.send('GET', '/v1/leads?cursor=00000000-0000-4000-8000-000000000000');
  expect(response.status).toBe(422);
});

it('takes no time that its zone moves past the year 9999', async () => {
  const late = encodeURIComponent('9999-12-31T23:59:59-23:59');
  const response = await router.send('GET', `/v1/leads?from=${late}&to=${late}`);
  expect(response.status).toBe(422);
  const { errors } = (await response.json()) as { errors: { field: string }[] };
  expect(errors.map((error) => error.field)).toEqual(['from', 'to']);
});
