import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LocationRow } from '../../../db/queries/location-row.ts';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';

let database: TestDatabase;
let router: TestRouter;
let one: LocationRow;
let two: LocationRow;

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
});

beforeEach(async () => {
  const rows = [
    testRow({
      'Franchise Code': 'ONE',
      'Zip Code': '02134',
      City: 'Allston',
      Specialties: 'sewer',
      'Sub-account Id': '',
    }),
    testRow({ 'Franchise Code': 'TWO', 'Zip Code': '02446', City: 'Brookline', 'Sub-account Id': 'sub-of-two' }),
  ];
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: { 'content-type': 'text/csv' } });
  const { items } = (await (await router.send('GET', '/v1/locations')).json()) as { items: LocationRow[] };
  const find = (code: string): LocationRow => {
    const found = items.find((location) => location.franchiseCode === code);
    if (!found) throw new Error(`no location ${code}`);
    return found;
  };
  one = find('ONE');
  two = find('TWO');
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function patch(id: string, body: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await router.send('PATCH', `/v1/locations/${id}`, { body });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

async function readVersion(): Promise<unknown> {
  return (await database.pool.query('select version from directory_state')).rows[0];
}

it('changes what is given, leaves the rest, and answers the whole location', async () => {
  const change = {
    active: true,
    dailyCap: 7,
    services: ['Leak Repair', 'sewer'],
    name: '  Allston   Plumbing ',
    timezone: 'US/Eastern',
    ghlLocationId: 'sub-of-one',
  };
  const { status, answer } = await patch(one.id.toUpperCase(), change);
  expect(status).toBe(200);
  expect(answer).toEqual({
    ...one,
    hoursText: null,
    open: true,
    opensAt: null,
    dailyCap: 7,
    services: ['leak-repair', 'sewer'],
    name: 'Allston Plumbing',
    timezone: 'America/New_York',
    ghlLocationId: 'sub-of-one',
    updatedAt: expect.any(String),
  });
  expect(await (await router.send('GET', `/v1/locations/${one.id}`)).json()).toEqual(answer);
  expect((await patch(one.id, { dailyCap: null, ghlLocationId: null })).answer).toEqual({
    ...answer,
    dailyCap: null,
    ghlLocationId: null,
    updatedAt: expect.any(String),
  });
});

it('decides the next lead', async () => {
  const nearest = async (): Promise<unknown> => {
    const response = await router.send('POST', '/v1/leads/preview', { body: { source: 'web', postalCode: '02134' } });
    return ((await response.json()) as { location: { franchiseCode: string } | null }).location?.franchiseCode;
  };
  expect(await nearest()).toBe('ONE');
  expect((await patch(one.id, { paused: true })).status).toBe(200);
  expect(await nearest()).toBe('TWO');
  expect((await patch(one.id, { paused: false })).status).toBe(200);
  expect(await nearest()).toBe('ONE');
});

it('stays what it was when a file without that column is imported again', async () => {
  await patch(one.id, { active: false, paused: true });
  const headers = { 'content-type': 'text/csv' };
  const body = csvOf([testRow({ 'Franchise Code': 'ONE', City: 'Allston' }), testRow({ 'Franchise Code': 'NEW' })]);
  expect((await router.send('POST', '/v1/locations/import', { body, headers })).status).toBe(200);
  const { items } = (await (await router.send('GET', '/v1/locations')).json()) as { items: LocationRow[] };
  const stateOf = (code: string): unknown[] => {
    const found = items.find(({ franchiseCode }) => franchiseCode === code);
    return [found?.active, found?.paused];
  };
  expect([stateOf('ONE'), stateOf('NEW')]).toEqual([
    [false, true],
    [true, false],
  ]);
  await router.send('POST', '/v1/locations/import', {
    body: csvOf([testRow({ 'Franchise Code': 'ONE', City: 'Allston', Active: 'yes' })]),
    headers,
  });
  expect(await (await router.send('GET', `/v1/locations/${one.id}`)).json()).toMatchObject({ active: true });
  await patch(one.id, { paused: false });
});

it('does not move the directory when every value was there already', async () => {
  await patch(one.id, { paused: true, dailyCap: 3, services: ['sewer'] });
  const before = await readVersion();
  const { status, answer } = await patch(one.id, { paused: true, dailyCap: 3, services: ['Sewer'], name: one.name });
  expect([status, answer['paused']]).toEqual([200, true]);
  expect(await readVersion()).toEqual(before);
  await patch(one.id, { paused: false });
  expect(await readVersion()).not.toEqual(before);
});

it('refuses a sub-account that another location has, and writes nothing', async () => {
  const { status, answer } = await patch(one.id, { ghlLocationId: 'sub-of-two', name: 'Other' });
  expect([status, answer['code']]).toEqual([409, 'conflict']);
  expect(await (await router.send('GET', `/v1/locations/${one.id}`)).json()).toMatchObject({ name: one.name });
  expect((await patch(two.id, { ghlLocationId: 'sub-of-two' })).status).toBe(200);
});

it('names every bad field at once', async () => {
  const bad = {
    active: 'yes',
    paused: 1,
    dailyCap: -1,
    services: [7],
    name: ' ',
    timezone: 5,
    ghlLocationId: '',
    id: 'x',
  };
  const { status, answer } = await patch(one.id, bad);
  expect(status).toBe(422);
  const errors = answer['errors'] as { field: string }[];
  expect(errors.map((error) => error.field).sort()).toEqual(Object.keys(bad).sort());
  expect((await patch(one.id, {})).status).toBe(422);
});

it.each([
  ['Europe/Nowhere', 'unknown_timezone'],
  ['America/Los_Angeles', 'timezone_not_in_state'],
])('refuses the time zone %s for a location in Massachusetts', async (timezone, code) => {
  const { status, answer } = await patch(one.id, { timezone });
  expect([status, answer['errors']]).toEqual([422, [expect.objectContaining({ field: 'timezone', code })]]);
});

it.each(['0199aaaa-0000-7000-8000-00000000ffff', 'nonsense'])('knows no location %s', async (id) => {
  const { status, answer } = await patch(id, { paused: true });
  expect([status, answer['code']]).toEqual([404, 'not_found']);
});
