import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { PreviewedLead } from './preview-lead.ts';
import type { RoutedLead } from './routed-lead.ts';

let database: TestDatabase;
let router: TestRouter;
let nowMs: number;

const CAP = 2;
const csv = { 'content-type': 'text/csv' };
// 02134 Allston and 02446 Brookline are 1.2 miles apart, 02169 Quincy about 10.
const locations = [
  testRow({ 'Franchise Code': 'ALLSTON', 'Zip Code': '02134', City: 'Allston', 'Capacity Limit': String(CAP) }),
  testRow({ 'Franchise Code': 'BROOKLINE', 'Zip Code': '02446', City: 'Brookline' }),
  testRow({ 'Franchise Code': 'QUINCY', 'Zip Code': '02169', City: 'Quincy' }),
];
const body = { source: 'test', postalCode: '02134' };

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

/** A fresh isolate over empty counts. */
beforeEach(async () => {
  await database.pool.query('truncate location_capacity');
  nowMs = Date.now();
  router = await createTestRouter({ database, nowMs: () => nowMs });
  await router.send('POST', '/v1/locations/import', { body: csvOf(locations), headers: csv });
});

async function preview(query = ''): Promise<PreviewedLead> {
  const response = await router.send('POST', `/v1/leads/preview${query}`, { body });
  expect(response.status).toBe(200);
  return (await response.json()) as PreviewedLead;
}

async function fillAllston(): Promise<void> {
  for (let sent = 0; sent < CAP; sent++) await router.send('POST', '/v1/leads', { body });
}

describe('a preview', () => {
  it('answers as the lead would be answered and writes nothing', async () => {
    await fillAllston();
    const counts = async (): Promise<unknown> =>
      (
        await database.pool.query(
          'select (select count(*) from leads) as leads, (select sum(used) from location_capacity) as used',
        )
      ).rows[0];
    const before = await counts();
    const previewed = await preview();
    const exact = await preview('?exact=true');
    expect(await counts()).toEqual(before);
    const lead = (await (await router.send('POST', '/v1/leads', { body })).json()) as RoutedLead;
    const expected = { status: lead.status, location: lead.location, decision: lead.decision, leadId: null };
    expect(previewed).toMatchObject({ ...expected, basis: 'isolate', capacityAgeSeconds: 0 });
    expect(exact).toMatchObject({ ...expected, basis: 'postgres', capacityAgeSeconds: 0 });
    expect(previewed.decision.candidates[0]).toMatchObject({ franchiseCode: 'ALLSTON', verdict: 'full' });
  });

  it('says how old its copy of the seats is, and is exact when asked to be', async () => {
    expect((await preview()).location?.franchiseCode).toBe('ALLSTON');
    // Seats taken through another isolate.
    const other = await createTestRouter({ database });
    for (let sent = 0; sent < CAP; sent++) await other.send('POST', '/v1/leads', { body });
    await other.settle();
    nowMs += 4000;
    expect(await preview()).toMatchObject({
      basis: 'isolate',
      capacityAgeSeconds: 4,
      location: { franchiseCode: 'ALLSTON' },
    });
    expect((await preview('?exact=true')).location?.franchiseCode).toBe('BROOKLINE');
    nowMs += 60_000;
    await preview();
    await router.settle();
    expect((await preview()).location?.franchiseCode).toBe('BROOKLINE');
  });

  it('of an isolate that has its copies asks nobody', async () => {
    await preview();
    await router.settle();
    await database.pool.query('alter table location_capacity rename to away');
    expect((await preview()).location?.franchiseCode).toBe('ALLSTON');
    expect((await router.send('POST', '/v1/leads/preview?exact=true', { body })).status).toBe(500);
    await database.pool.query('alter table away rename to location_capacity');
  });

  it('shows those who take turns, for the turn is decided with the seat', async () => {
    const draft = await router.send('POST', '/v1/rules', {
      body: {
        radiusMiles: 5,
        strategy: { kind: 'weighted_round_robin', weights: { ALLSTON: 2 } },
        territory: { whenOwnerUnavailable: 'hold' },
        overflow: { mode: 'none' },
        stickyDays: 0,
        dedupeWindowMinutes: 0,
      },
    });
    const { version } = (await draft.json()) as { version: number };
    await router.send('POST', `/v1/rules/${version}/publish`, { body: {} });
    const previewed = await preview();
    expect(previewed).toMatchObject({ status: 'assigned', location: null, decision: { matchLevel: 'nearest' } });
    expect(previewed.turnAmong?.map(({ weight }) => weight)).toEqual([2, 1]);
    expect(previewed.decision.reason).toContain('decided when the lead is assigned');
  });

  it('takes no other query', async () => {
    for (const query of ['?exact=maybe', '?exat=true']) {
      expect((await router.send('POST', `/v1/leads/preview${query}`, { body })).status).toBe(422);
    }
  });
});
