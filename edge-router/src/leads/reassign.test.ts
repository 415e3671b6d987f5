import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../local/testing/test-database.ts';
import { runEveryMinute } from '../jobs/sweep.ts';
import { createTestRouter, type TestRouter } from '../testing/test-router.ts';
import { csvOf, testRow } from '../testing/test-rows.ts';
import type { ReassignedLead } from './reassign-lead.ts';
import type { RoutedLead } from './routed-lead.ts';

let database: TestDatabase;
let router: TestRouter;
let ids: ReadonlyMap<string, string>;
let aheadMs = 0;

const csv = { 'content-type': 'text/csv' };
// All within 12 miles of each other; 10001 is 190 miles off.
const rows = [
  testRow({ 'Franchise Code': 'ALLSTON', 'Zip Code': '02134', City: 'Allston' }),
  testRow({ 'Franchise Code': 'BROOKLINE', 'Zip Code': '02446', City: 'Brookline' }),
  testRow({ 'Franchise Code': 'NEWTON', 'Zip Code': '02458', City: 'Newton' }),
  testRow({ 'Franchise Code': 'NEWYORK', 'Zip Code': '10001', City: 'New York', State: 'NY' }),
];

beforeAll(async () => {
  database = await createTestDatabase();
  router = await createTestRouter({ database, nowMs: () => Date.now() + aheadMs });
  await router.send('POST', '/v1/locations/import', { body: csvOf(rows), headers: csv });
  const list = (await (await router.send('GET', '/v1/locations')).json()) as {
    items: { id: string; franchiseCode: string }[];
  };
  ids = new Map(list.items.map((location) => [location.franchiseCode, location.id]));
});

beforeEach(async () => {
  await router.settle();
  await database.pool.query('truncate leads, parking_lot, lead_keys, person_keys, location_capacity, lead_events');
  for (const code of ids.keys()) await patch(code, { dailyCap: null, paused: false, active: true, hours: null });
  await router.settle();
});

afterAll(async () => {
  await router.settle();
  await database.drop();
});

async function patch(code: string, body: unknown): Promise<void> {
  expect((await router.send('PATCH', `/v1/locations/${ids.get(code)}`, { body })).status).toBe(200);
}

async function sendLead(fields: Record<string, unknown>): Promise<RoutedLead> {
  const response = await router.send('POST', '/v1/leads', { body: { source: 'test', ...fields } });
  expect(response.status).toBe(201);
  return (await response.json()) as RoutedLead;
}

async function reassign(
  leadId: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<{ status: number; lead: ReassignedLead }> {
  const response = await router.send('POST', `/v1/leads/${leadId}/reassign`, { body, headers });
  return { status: response.status, lead: (await response.json()) as ReassignedLead };
}

async function readLead(leadId: string): Promise<RoutedLead & { timeLine: { kind: string; detail: unknown }[] }> {
  return (await (await router.send('GET', `/v1/leads/${leadId}`)).json()) as Awaited<ReturnType<typeof readLead>>;
}

async function countSeats(code: string): Promise<number> {
  const { rows: found } = await database.pool.query<{ used: number }>(
    'select coalesce(sum(used), 0)::int as used from location_capacity where location_id = $1',
    [ids.get(code)],
  );
  return found[0]?.used ?? -1;
}

describe('a lead that is reassigned', () => {
  it('goes to the next by the same rules, its seat with it, and the time line says from, to and why', async () => {
    const { leadId, location } = await sendLead({ postalCode: '02134' });
    expect(location?.franchiseCode).toBe('ALLSTON');
    const { status, lead } = await reassign(leadId, { reason: 'no answer for two days' });
    expect(status).toBe(200);
    expect(lead).toMatchObject({
      moved: true,
      status: 'assigned',
      location: { franchiseCode: 'BROOKLINE' },
      from: { franchiseCode: 'ALLSTON' },
    });
    expect(lead.decision.candidates.find(({ franchiseCode }) => franchiseCode === 'ALLSTON')?.verdict).toBe('excluded');
    expect([await countSeats('ALLSTON'), await countSeats('BROOKLINE')]).toEqual([0, 1]);
    const stored = await readLead(leadId);
    expect(stored.location?.franchiseCode).toBe('BROOKLINE');
    expect(stored.timeLine).toContainEqual(
      expect.objectContaining({
        kind: 'reassigned',
        detail: expect.objectContaining({
          from: ids.get('ALLSTON'),
          to: ids.get('BROOKLINE'),
          reason: 'no answer for two days',
        }),
      }),
    );
  });

  it('around everybody ends in the parking lot, and says who had it', async () => {
    const { leadId } = await sendLead({ postalCode: '02134' });
    const codes: (string | undefined)[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const { lead } = await reassign(leadId, { reason: `turn ${turn}` });
      codes.push(lead.location?.franchiseCode);
      if (turn < 2) continue;
      expect(lead).toMatchObject({ status: 'parked', moved: true, location: null });
      expect(lead.decision.candidates.filter(({ verdict }) => verdict === 'excluded')).toHaveLength(3);
    }
    expect(codes).toEqual(['BROOKLINE', 'NEWTON', undefined]);
    for (const code of ids.keys()) expect(await countSeats(code)).toBe(0);
    const list = (await (await router.send('GET', '/v1/leads?status=parked&order=oldest')).json()) as {
      items: unknown[];
    };
    expect(list.items).toHaveLength(1);
  });

  it('stays where it is when nobody else can take it and it is to be kept', async () => {
    await patch('BROOKLINE', { paused: true });
    await patch('NEWTON', { active: false });
    const { leadId } = await sendLead({ postalCode: '02134' });
    const { lead } = await reassign(leadId, { reason: 'try', whenNobody: 'keep' });
    expect(lead).toMatchObject({ moved: false, location: { franchiseCode: 'ALLSTON' } });
    expect(lead.whyNobody).toContain('paused');
    expect(await countSeats('ALLSTON')).toBe(1);
  });

  it('can be sent to a location by name, and past others', async () => {
    const { leadId } = await sendLead({ postalCode: '02134' });
    const past = await reassign(leadId, { reason: 'past', exclude: ['brookline'] });
    expect(past.lead.location?.franchiseCode).toBe('NEWTON');
    const named = await reassign(leadId, { reason: 'they moved', location: 'NEWYORK' });
    expect(named.lead).toMatchObject({ location: { franchiseCode: 'NEWYORK' }, decision: { matchLevel: 'named' } });
  });

  it('under one Idempotency-Key moves once', async () => {
    const { leadId } = await sendLead({ postalCode: '02134' });
    const headers = { 'idempotency-key': 'move-1' };
    const first = await reassign(leadId, { reason: 'once' }, headers);
    const again = await reassign(leadId, { reason: 'once' }, headers);
    expect(again).toMatchObject({ status: 200, lead: { replayed: true, location: first.lead.location } });
    expect((await reassign(leadId, { reason: 'another' }, headers)).status).toBe(409);
    expect((await readLead(leadId)).location?.franchiseCode).toBe('BROOKLINE');
  });

  it('by ten at once moves each time to somebody who has not had it, and no seat is lost', async () => {
    const { leadId } = await sendLead({ postalCode: '02134' });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => reassign(leadId, { reason: `at once ${n}` })),
    );
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const seats = await Promise.all([...ids.keys()].map(countSeats));
    const stored = await readLead(leadId);
    expect(seats.reduce((sum, each) => sum + each, 0)).toBe(stored.status === 'assigned' ? 1 : 0);
  });

  it.each([
    ['no reason', {}, 422],
    ['an empty reason and an unknown field', { reason: ' ', where: 'x' }, 422],
    ['a location that nobody knows', { reason: 'x', location: 'NOBODY' }, 422],
    ['who has it already', { reason: 'x', location: 'ALLSTON' }, 409],
  ])('is not with %s', async (_name, body, status) => {
    const { leadId } = await sendLead({ postalCode: '02134' });
    expect((await reassign(leadId, body)).status).toBe(status);
    expect((await readLead(leadId)).location?.franchiseCode).toBe('ALLSTON');
  });

  it('can be declined by nobody while it is parked', async () => {
    const { leadId, status } = await sendLead({ postalCode: '59301' });
    expect(status).toBe('parked');
    await patch('ALLSTON', { dailyCap: 5 });
    await router.settle();
    const taken = await countSeats('ALLSTON');
    await database.pool.query(`update leads set postal_code = '02134' where id = $1`, [leadId]);
    const body = { reason: 'not ours' };
    expect((await router.send('POST', `/v1/leads/${leadId}/decline`, { body })).status).toBe(409);
    expect((await readLead(leadId)).timeLine.map(({ kind }) => kind)).toEqual(['parked']);
    expect(await countSeats('ALLSTON')).toBe(taken);
  });

  it('has to exist, and be no duplicate', async () => {
    expect((await reassign('00000000-0000-7000-8000-000000000000', { reason: 'x' })).status).toBe(404);
    expect((await reassign('nonsense', { reason: 'x' })).status).toBe(404);
    await sendLead({ postalCode: '02134', email: 'twin@example.com' });
    const twin = await sendLead({ postalCode: '02134', email: 'twin@example.com' });
    expect(twin.status).toBe('duplicate');
    expect((await reassign(twin.leadId, { reason: 'x' })).status).toBe(409);
  });
});

async function isPlaced(leadId: string): Promise<string | null> {
  await router.settle();
  return (await readLead(leadId)).location?.franchiseCode ?? null;
}

async function publish(document: Record<string, unknown>, effectiveAt?: string): Promise<void> {
  const base = {
    radiusMiles: 50,
    territory: { whenOwnerUnavailable: 'overflow' },
    overflow: { mode: 'nearest', radiusMiles: 150 },
    stickyDays: 90,
    dedupeWindowMinutes: 60,
  };
  const drafted = await router.send('POST', '/v1/rules', { body: { ...base, ...document } });
  const { version } = (await drafted.json()) as { version: number };
  const body = effectiveAt === undefined ? {} : { effectiveAt };
  expect((await router.send('POST', `/v1/rules/${version}/publish`, { body })).status).toBe(200);
}

describe('a parked lead is tried again, without anybody asking,', () => {
  it('when a cap is raised, and the oldest gets the seat', async () => {
    for (const code of ids.keys()) await patch(code, { dailyCap: 0 });
    const first = await sendLead({ postalCode: '02134' });
    const second = await sendLead({ postalCode: '02134' });
    expect([first.status, second.status]).toEqual(['parked', 'parked']);
    await patch('NEWTON', { dailyCap: 1 });
    expect([await isPlaced(first.leadId), await isPlaced(second.leadId)]).toEqual(['NEWTON', null]);
    expect(await countSeats('NEWTON')).toBe(1);
    expect((await readLead(first.leadId)).timeLine).toContainEqual(expect.objectContaining({ kind: 'retried' }));
  });

  it('when a pause is lifted', async () => {
    for (const code of ids.keys()) await patch(code, { paused: true });
    const { leadId } = await sendLead({ postalCode: '02134' });
    await patch('BROOKLINE', { paused: false });
    expect(await isPlaced(leadId)).toBe('BROOKLINE');
  });

  it('when a seat becomes free because its lead goes elsewhere', async () => {
    await patch('ALLSTON', { dailyCap: 1 });
    for (const code of ['BROOKLINE', 'NEWTON']) await patch(code, { dailyCap: 0 });
    const seated = await sendLead({ postalCode: '02134' });
    const waiting = await sendLead({ postalCode: '02134' });
    expect([seated.status, waiting.status]).toEqual(['assigned', 'parked']);
    await reassign(seated.leadId, { reason: 'they moved', location: 'NEWYORK' });
    expect(await isPlaced(waiting.leadId)).toBe('ALLSTON');
  });

  it('when rules take effect that reach further, at their time', async () => {
    const { leadId, status } = await sendLead({ postalCode: '04401' });
    expect(status).toBe('parked');
    await publish({ radiusMiles: 400 }, new Date(Date.now() + aheadMs + 3_600_000).toISOString());
    expect(await isPlaced(leadId)).toBeNull();
    aheadMs += 3_601_000;
    await runEveryMinute(router.app, router.deps);
    expect(await isPlaced(leadId)).not.toBeNull();
    await publish({});
  });

  it('when somebody opens', async () => {
    await publish({ hours: 'required' });
    const zone = 'America/New_York';
    const local = new Date(Date.now() + aheadMs).toLocaleString('sv-SE', { timeZone: zone });
    const minutes = Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16));
    const opens = (minutes + 120) % 1440;
    const hours = Array.from({ length: 7 }, () => [[opens, opens + 60]]);
    for (const code of ids.keys()) await patch(code, { hours });
    const parked = await sendLead({ postalCode: '02134' });
    expect(parked).toMatchObject({ status: 'parked', decision: { parkedReason: 'no_eligible_location' } });
    expect(parked.decision.reason).toContain('closed at that time');
    await runEveryMinute(router.app, router.deps);
    expect(await isPlaced(parked.leadId)).toBeNull();
    aheadMs += 125 * 60_000;
    await runEveryMinute(router.app, router.deps);
    expect(await isPlaced(parked.leadId)).toBe('ALLSTON');
    await publish({});
  });

  it('when its territory is handed over to somebody who has room', async () => {
    await publish({ territory: { whenOwnerUnavailable: 'hold' } });
    const own = (code: string): Promise<Response> =>
      router.send('POST', '/v1/territories/import?publish=true', {
        body: `Postal Code,Franchise Code,Exclusive\n02134,${code},yes\n`,
        headers: csv,
      });
    await own('ALLSTON');
    await patch('ALLSTON', { paused: true });
    const held = await sendLead({ postalCode: '02134' });
    expect(held).toMatchObject({ status: 'parked', decision: { parkedReason: 'territory_owner_unavailable' } });
    expect((await own('NEWTON')).status).toBe(201);
    expect(await isPlaced(held.leadId)).toBe('NEWTON');
    await router.send('POST', '/v1/territories/import?publish=true', { body: [] });
    await publish({});
  });

  it.each([
    ['at its time, when a version of the territories takes effect that hands it over', 'version'],
    ['at the brand’s midnight, when its territory changes hands that day', 'day'],
  ])('%s', async (_when, by) => {
    await publish({ territory: { whenOwnerUnavailable: 'hold' } });
    const importCsv = async (lines: string, query = ''): Promise<void> => {
      const body = `Postal Code,Franchise Code,First Day,Last Day\n${lines}\n`;
      const path = `/v1/territories/import?publish=true${query}`;
      expect((await router.send('POST', path, { body, headers: csv })).status).toBe(201);
    };
    // Two minutes before midnight: sooner than it would be tried again anyway.
    const zone = { timeZone: 'America/New_York' };
    const clock = new Date(Date.now() + aheadMs).toLocaleString('sv-SE', zone).slice(11).split(':').map(Number);
    const [hours = 0, minutes = 0, seconds = 0] = clock;
    aheadMs += (24 * 3600 - hours * 3600 - minutes * 60 - seconds) * 1000 - 120_000;
    // It does not run back, so after that of tomorrow.
    if (hours === 23 && minutes >= 58) aheadMs += 86_400_000;
    const nowMs = Date.now() + aheadMs;
    const dayOf = (days: number): string =>
      new Date(nowMs + days * 86_400_000).toLocaleString('sv-SE', zone).slice(0, 10);
    const handedOver = `02134,ALLSTON,,${dayOf(0)}\n02134,NEWTON,${dayOf(1)},`;
    await importCsv(by === 'day' ? handedOver : '02134,ALLSTON,,');
    const laterMs = 120_000;
    if (by === 'version') {
      await importCsv('02134,NEWTON,,', `&effectiveAt=${new Date(nowMs + laterMs).toISOString()}`);
    }
    await patch('ALLSTON', { paused: true });
    const { leadId, status } = await sendLead({ postalCode: '02134' });
    expect(status).toBe('parked');
    await runEveryMinute(router.app, router.deps);
    expect(await isPlaced(leadId)).toBeNull();
    aheadMs += laterMs + 5000;
    await runEveryMinute(router.app, router.deps);
    expect(await isPlaced(leadId)).toBe('NEWTON');
    await router.send('POST', '/v1/territories/import?publish=true', { body: [] });
    await publish({});
  });

  it('by two sweeps at once for one seat each, and none twice', async () => {
    for (const code of ids.keys()) await patch(code, { dailyCap: 0 });
    for (let lead = 0; lead < 30; lead++) await sendLead({ postalCode: '02134' });
    await router.settle();
    await database.pool.query('update locations set daily_cap = 5 where franchise_code = any($1)', [
      ['ALLSTON', 'NEWTON'],
    ]);
    const other = await createTestRouter({ database, nowMs: () => Date.now() + aheadMs });
    await Promise.all([router, other].map(({ app, deps }) => runEveryMinute(app, deps)));
    await other.settle();
    expect([await countSeats('ALLSTON'), await countSeats('NEWTON')]).toEqual([5, 5]);
    const { rows: found } = await database.pool.query(
      `select status, count(*)::int as count from leads group by status order by status`,
    );
    expect(found).toEqual([
      { status: 'assigned', count: 10 },
      { status: 'parked', count: 20 },
    ]);
    const { rows: waiting } = await database.pool.query('select count(*)::int as count from parking_lot');
    expect(waiting).toEqual([{ count: 20 }]);
  });
});

describe('a lead that waits too long', () => {
  it('is an alarm in readiness and in the log', async () => {
    const { leadId } = await sendLead({});
    const read = async (): Promise<unknown> =>
      ((await (await router.send('GET', '/readyz', { apiKey: null })).json()) as { alarms: unknown }).alarms;
    expect(await read()).toEqual([]);
    await database.pool.query(`update leads set created_at = created_at - interval '90 minutes' where id = $1`, [
      leadId,
    ]);
    expect(await read()).toEqual([{ name: 'parked_too_long', ageSeconds: expect.any(Number), limitSeconds: 3600 }]);
    await runEveryMinute(router.app, router.deps);
    expect(router.logged.some((line) => line.includes('"event":"alarm"') && line.includes('parked_too_long'))).toBe(
      true,
    );
  });
});

it('a location declines a lead by its id in any case', async () => {
  const { leadId, location } = await sendLead({ postalCode: '02134' });
  const body = { reason: 'out of our trade', locationId: location?.id.toUpperCase() };
  const response = await router.send('POST', `/v1/leads/${leadId}/decline`, { body });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ moved: true, from: { id: location?.id } });
});

it('the reason of a lead that somebody sent to a location by name does not say that its source did', async () => {
  const { leadId } = await sendLead({ postalCode: '02134' });
  const { lead } = await reassign(leadId, { reason: 'asked for New York', location: 'NEWYORK' });
  expect(lead.decision.reason).toContain('(NEWYORK) was named, by the source or by who reassigned the lead.');
});
