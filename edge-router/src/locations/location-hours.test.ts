import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { ShownLocation } from './shown-location.ts';

let database: TestDatabase;
let router: TestRouter;
let nowMs = Date.parse('2027-03-12T18:00:00-05:00');

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database, nowMs: () => nowMs });
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function importRow(cells: Record<string, string>): Promise<{ status: number; answer: Record<string, unknown> }> {
  const body = csvOf([testRow({ 'Franchise Code': 'ONE', 'Zip Code': '02134', City: 'Allston', ...cells })]);
  const response = await router.send('POST', '/v1/locations/import', { body, headers: { 'content-type': 'text/csv' } });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

async function readOnly(): Promise<ShownLocation> {
  const { items } = (await (await router.send('GET', '/v1/locations')).json()) as { items: { id: string }[] };
  expect(items).toHaveLength(1);
  return (await (await router.send('GET', `/v1/locations/${items[0]?.id}`)).json()) as ShownLocation;
}

async function patch(body: unknown): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await router.send('PATCH', `/v1/locations/${(await readOnly()).id}`, { body });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

describe('hours, holidays and conversion rate of a location', () => {
  it('come with an import, are shown with what they mean now, and stay when a later file leaves them out', async () => {
    const cells = { Hours: 'Mon-Fri 9am-5pm', Holidays: '2027-12-25; 3/15/2027', 'Conversion Rate': '37%' };
    expect((await importRow(cells)).answer).toMatchObject({ created: 1, warnings: [] });
    const shown = await readOnly();
    expect(shown).toMatchObject({
      hoursText: 'Mon-Fri 09:00-17:00; Sat-Sun closed',
      holidays: ['2027-03-15', '2027-12-25'],
      conversionRate: 0.37,
      open: false,
      opensAt: '2027-03-16T13:00:00.000Z',
    });
    expect((await importRow({})).answer).toMatchObject({ unchanged: 1 });
    expect(await readOnly()).toEqual(shown);
    nowMs = Date.parse('2027-03-16T10:00:00-04:00');
    expect(await readOnly()).toMatchObject({ open: true, opensAt: null });
  });

  it('change with PATCH, as text or as numbers, and null is open at all times', async () => {
    expect((await patch({ hours: 'Sat 22:00-02:00', holidays: ['2027-07-04', '2027-07-04'] })).answer).toMatchObject({
      hours: [[], [], [], [], [], [[1320, 1560]], []],
      holidays: ['2027-07-04'],
    });
    const week = [[[540, 1020]], [], [], [], [], [], []];
    expect((await patch({ hours: week, conversionRate: null })).answer).toMatchObject({
      hours: week,
      conversionRate: null,
      hoursText: 'Mon 09:00-17:00; Tue-Sun closed',
    });
    expect((await patch({ hours: null, holidays: [] })).answer).toMatchObject({ hours: null, open: true });
  });

  it('that cannot be read are named all at once, and nothing is written', async () => {
    const before = await readOnly();
    const { status, answer } = await patch({ hours: 'Mon-Fri 9-5', holidays: ['2026-02-30'], conversionRate: 37 });
    expect(status).toBe(422);
    expect(answer['errors']).toEqual([
      expect.objectContaining({ field: 'hours', message: expect.stringContaining('9am-5pm') }),
      expect.objectContaining({ field: 'holidays.0' }),
      expect.objectContaining({ field: 'conversionRate' }),
    ]);
    expect((await patch({ holidays: ['0000-01-01'] })).answer['errors']).toEqual([
      expect.objectContaining({ field: 'holidays.0', message: 'not before 1900' }),
    ]);
    expect((await patch({ hours: [[[600, 500]], [], [], [], [], [], []] })).status).toBe(422);
    const cells = { Hours: 'whenever', Holidays: 'Christmas', 'Conversion Rate': '37' };
    expect((await importRow(cells)).answer['errors']).toEqual([
      expect.objectContaining({ column: 'Hours', code: 'bad_hours' }),
      expect.objectContaining({ column: 'Holidays', code: 'bad_date' }),
      expect.objectContaining({ column: 'Conversion Rate', code: 'bad_conversion_rate' }),
    ]);
    expect(await readOnly()).toEqual(before);
  });
});

it('a franchise code in another case is the same location, under its first spelling', async () => {
  expect((await importRow({ 'Franchise Code': 'one', 'Location Name': 'Renamed' })).answer).toMatchObject({
    created: 0,
    updated: 1,
  });
  expect(await readOnly()).toMatchObject({ franchiseCode: 'ONE', name: 'Renamed' });
});
