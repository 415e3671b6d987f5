import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { RoutedLead } from './routed-lead.ts';

let database: TestDatabase;
let router: TestRouter;
let ids: ReadonlyMap<string, string>;

// 02134 Allston and 02446 Brookline are 1.2 miles apart, 03031 Amherst NH about 40, 10001 New York about 190.
const locations = [
  testRow({ 'Franchise Code': 'ALLSTON', 'Zip Code': '02134', City: 'Allston', 'Capacity Limit': '40' }),
  testRow({ 'Franchise Code': 'BROOKLINE', 'Zip Code': '02446', City: 'Brookline' }),
  testRow({ 'Franchise Code': 'AMHERST', 'Zip Code': '03031', City: 'Amherst', State: 'NH', Specialties: 'sewer' }),
  testRow({ 'Franchise Code': 'NEWYORK', 'Zip Code': '10001', City: 'New York', State: 'NY' }),
];
const territories = 'Postal Code,Franchise Code,Exclusive\n02134,ALLSTON,yes\n02446,BROOKLINE,no\n';

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database });
  const csv = { 'content-type': 'text/csv' };
  await router.send('POST', '/v1/locations/import', { body: csvOf(locations), headers: csv });
  await router.send('POST', '/v1/territories/import?publish=true', { body: territories, headers: csv });
  const list = (await (await router.send('GET', '/v1/locations')).json()) as {
    items: { id: string; franchiseCode: string }[];
  };
  ids = new Map(list.items.map((location) => [location.franchiseCode, location.id]));
  expect([...ids.keys()].sort()).toEqual(['ALLSTON', 'AMHERST', 'BROOKLINE', 'NEWYORK']);
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function sendLead(fields: Record<string, unknown>): Promise<{ status: number; lead: RoutedLead }> {
  const response = await router.send('POST', '/v1/leads', { body: { source: 'test', ...fields } });
  return { status: response.status, lead: (await response.json()) as RoutedLead };
}

async function setCap(franchiseCode: string, dailyCap: number | null): Promise<void> {
  const response = await router.send('PUT', `/v1/locations/${ids.get(franchiseCode)}/capacity`, { body: { dailyCap } });
  expect(response.status).toBe(200);
}

describe('a lead', () => {
  it('goes to the owner of its postal code, and the answer says why', async () => {
    const { status, lead } = await sendLead({ postalCode: '02446-1234' });
    expect(status).toBe(201);
    expect(lead).toMatchObject({
      status: 'assigned',
      location: { id: ids.get('BROOKLINE'), franchiseCode: 'BROOKLINE', name: 'Location BROOKLINE', distanceMiles: 0 },
      decision: { matchLevel: 'territory', geoConfidence: 'zip', ruleVersion: 1 },
      replayed: false,
    });
    expect(lead.decision.reason).toBe('Postal code 02446 belongs to Location BROOKLINE (BROOKLINE).');
    expect(lead.decision.candidates[0]).toMatchObject({ verdict: 'chosen', matchLevel: 'territory' });
    expect(lead.decision.candidates[1]).toMatchObject({ verdict: 'outranked' });
  });

  it('is found again as it was answered, with its fields and its time line', async () => {
    const { lead } = await sendLead({
      postalCode: '02446',
      firstName: ' Ada ',
      email: ' ADA@Example.com ',
      utm: { campaign: 'c' },
    });
    await router.settle();
    const response = await router.send('GET', `/v1/leads/${lead.leadId}`);
    expect(response.status).toBe(200);
    const found = (await response.json()) as RoutedLead & Record<string, unknown>;
    expect(found).toMatchObject({
      leadId: lead.leadId,
      status: 'assigned',
      location: lead.location,
      decision: lead.decision,
    });
    expect(found['person']).toMatchObject({ firstName: 'Ada', email: 'ada@example.com' });
    expect(found).toMatchObject({ source: 'test', utm: { campaign: 'c' } });
  });

  it('goes to the location that its source names, by id, franchise code or sub-account id', async () => {
    for (const location of [ids.get('NEWYORK'), 'NEWYORK']) {
      const { lead } = await sendLead({ postalCode: '02446', location });
      expect([lead.location?.franchiseCode, lead.decision.matchLevel]).toEqual(['NEWYORK', 'named']);
    }
  });

  it('goes to the nearest that offers the service, by coordinates', async () => {
    const { lead } = await sendLead({ coordinates: { lng: -71.12, lat: 42.335 }, service: 'Sewer' });
    expect(lead.location?.franchiseCode).toBe('BROOKLINE');
    const near = await sendLead({ coordinates: { lng: -71.65, lat: 42.86 }, service: 'sewer' });
    expect([near.lead.location?.franchiseCode, near.lead.decision.matchLevel]).toEqual(['AMHERST', 'nearest']);
    const body = { source: 'test', coordinates: { lng: -71.65, lat: 42.86 }, service: 'leak-repair' };
    const other = (await (await router.send('POST', '/v1/leads/preview', { body })).json()) as RoutedLead;
    expect(other.decision.candidates.find((candidate) => candidate.franchiseCode === 'AMHERST')?.verdict).toBe(
      'no_service',
    );
  });

  it('with no usable place is parked with the reason, not refused', async () => {
    const { status, lead } = await sendLead({ postalCode: '99998' });
    expect(status).toBe(201);
    expect(lead).toMatchObject({
      status: 'parked',
      location: null,
      decision: { matchLevel: null, parkedReason: 'no_place' },
    });
  });
});

describe('the same source and externalId', () => {
  it('gets the first answer again, and a conflict for another body', async () => {
    const fields = { externalId: 'form-1', postalCode: '02446', firstName: 'Ada', utm: { a: '1', b: '2' } };
    const first = await sendLead(fields);
    const again = await sendLead({ ...fields, utm: { b: '2', a: '1' } });
    expect([again.status, again.lead]).toEqual([200, { ...first.lead, replayed: true }]);
    const other = await router.send('POST', '/v1/leads', { body: { source: 'test', ...fields, firstName: 'Eve' } });
    expect([other.status, await other.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'idempotency_conflict', leadId: first.lead.leadId }),
    ]);
  });

  it('sent 30 times at once makes one lead', async () => {
    const sent = await Promise.all(
      Array.from({ length: 30 }, () => sendLead({ externalId: 'form-2', postalCode: '02446', lastName: 'Once' })),
    );
    expect(new Set(sent.map(({ lead }) => lead.leadId)).size).toBe(1);
    expect(sent.filter(({ lead }) => !lead.replayed)).toHaveLength(1);
    const { rows } = await database.pool.query(`select 1 from leads where last_name = 'Once'`);
    expect(rows).toHaveLength(1);
  });
});

describe('whatever became of a lead', () => {
  it('its replay and its look-up say what the first answer said', async () => {
    const person = { email: 'every.outcome@example.com' };
    const cases: Record<string, unknown>[] = [
      { externalId: 'every-1', postalCode: '02446', ...person },
      { externalId: 'every-2', postalCode: '02446', ...person },
      { externalId: 'every-3', city: 'Nowhere' },
      { externalId: 'every-4', coordinates: { lng: -71.65, lat: 42.86 }, service: 'sewer' },
    ];
    const statuses: string[] = [];
    for (const fields of cases) {
      const first = await sendLead(fields);
      const again = await sendLead(fields);
      expect(again.lead).toEqual({ ...first.lead, replayed: true });
      const found = (await (await router.send('GET', `/v1/leads/${first.lead.leadId}`)).json()) as RoutedLead;
      const { replayed: _replayed, ...answer } = first.lead;
      expect(found).toMatchObject(answer);
      statuses.push(first.lead.status);
    }
    expect(statuses).toEqual(['assigned', 'duplicate', 'parked', 'assigned']);
  });
});

describe('the same person', () => {
  it('inside the dedupe window is linked, not sent twice', async () => {
    const first = await sendLead({ postalCode: '02446', email: 'grace@example.com' });
    const second = await sendLead({ postalCode: '10001', email: ' Grace@Example.com' });
    expect(second.lead).toMatchObject({
      status: 'duplicate',
      duplicateOf: first.lead.leadId,
      location: { franchiseCode: 'BROOKLINE' },
    });
  });

  it('after it stays with the location it had, while that takes leads', async () => {
    const phone = '(617) 555-0199';
    const first = await sendLead({ postalCode: '10001', phone });
    expect(first.lead.location?.franchiseCode).toBe('NEWYORK');
    await database.pool.query(`update person_keys set lead_at = now() - interval '3 days'`);
    const second = await sendLead({ postalCode: '02446', phone: '+1 617-555-0199' });
    expect(second.lead).toMatchObject({
      status: 'assigned',
      location: { franchiseCode: 'NEWYORK' },
      decision: { matchLevel: 'sticky' },
    });
    await database.pool.query(`update person_keys set lead_at = now() - interval '3 days'`);
    await setCap('NEWYORK', 0);
    const third = await sendLead({ postalCode: '02446', phone });
    await setCap('NEWYORK', null);
    expect(third.lead).toMatchObject({ status: 'assigned', location: { franchiseCode: 'BROOKLINE' } });
    expect(
      third.lead.decision.candidates.map(({ franchiseCode, verdict }) => `${franchiseCode} ${verdict}`).slice(0, 2),
    ).toEqual(['NEWYORK full', 'BROOKLINE chosen']);
  });
});

describe('capacity', () => {
  it('of 40 is met exactly by 1,000 leads at once for one postal code, and nobody is lost or taken twice', async () => {
    const before = await router.send('GET', `/v1/locations/${ids.get('ALLSTON')}/capacity`);
    expect(await before.json()).toMatchObject({ dailyCap: 40, used: 0 });
    const sent = await Promise.all(
      Array.from({ length: 1000 }, (_, number) => sendLead({ externalId: `burst-${number}`, postalCode: '02134' })),
    );
    const byCode = Map.groupBy(sent, ({ lead }) => lead.location?.franchiseCode ?? lead.status);
    expect(byCode.get('ALLSTON')).toHaveLength(40);
    expect(byCode.get('BROOKLINE')).toHaveLength(960);
    expect(byCode.get('BROOKLINE')?.every(({ lead }) => lead.decision.matchLevel === 'overflow')).toBe(true);
    expect(new Set(sent.map(({ lead }) => lead.leadId)).size).toBe(1000);
    const after = await router.send('GET', `/v1/locations/${ids.get('ALLSTON')}/capacity`);
    expect(await after.json()).toMatchObject({ dailyCap: 40, used: 40 });
    const { rows } = await database.pool.query(
      `select count(*)::int as stored from leads where external_id like 'burst-%'`,
    );
    expect(rows[0]).toEqual({ stored: 1000 });
  });

  it('refused leads end in the parking lot when everybody in range is full, with all of them named', async () => {
    await setCap('NEWYORK', 0);
    const { lead } = await sendLead({ postalCode: '10001' });
    await setCap('NEWYORK', null);
    expect(lead).toMatchObject({ status: 'parked', decision: { parkedReason: 'all_candidates_full' } });
    expect(lead.decision.reason).toContain('Location NEWYORK: full for its day');
  });
});

describe('nearby', () => {
  it.each([
    ['postalCode=02134', ['ALLSTON', 'BROOKLINE', 'AMHERST', 'NEWYORK']],
    ['postalCode=02134-9999&radiusMiles=50', ['ALLSTON', 'BROOKLINE', 'AMHERST']],
    ['lng=-74&lat=40.75&limit=1', ['NEWYORK']],
    ['postalCode=02134&service=leak-repair&limit=2', ['ALLSTON', 'BROOKLINE']],
  ])('%s', async (query, codes) => {
    const response = await router.send('GET', `/v1/locations/nearby?${query}`);
    const { items } = (await response.json()) as { items: { franchiseCode: string; distanceMiles: number }[] };
    expect(items.map((item) => item.franchiseCode)).toEqual(codes);
    expect(items.map((item) => item.distanceMiles)).toEqual(
      items.map((item) => item.distanceMiles).sort((a, b) => a - b),
    );
  });

  it.each([
    ['', 'postalCode'],
    ['lng=-71', 'lng'],
    ['lng=-71&lat=120', 'lat'],
    ['postalCode=banana', 'postalCode'],
    ['postalCode=00000', 'postalCode'],
    ['postalCode=02134&limit=0', 'limit'],
    ['postalCode=02134&colour=red', 'colour'],
  ])('refuses "%s" and names %s', async (query, field) => {
    const response = await router.send('GET', `/v1/locations/nearby?${query}`);
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    expect(errors.map((error) => error.field)).toContain(field);
  });
});
