import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, describe, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { assignLeadRequest, sha256 } from '../testing/assign-lead-request.ts';
import { locationUpsert } from '../testing/location-upsert.ts';
import { assignLead, type AssignLeadAnswer, type AssignLeadRequest } from './assign-lead.ts';
import { setDailyCap } from './set-daily-cap.ts';
import { upsertLocations, type LocationUpsert } from './upsert-locations.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

let locationsMade = 0;

async function makeLocation(given: Partial<LocationUpsert> = {}): Promise<string> {
  const franchiseCode = `L${++locationsMade}`;
  await upsertLocations(database, [locationUpsert({ ...given, franchiseCode })]);
  const { rows } = await test.pool.query<{ id: string }>('select id from location_keys where franchise_code = $1', [
    franchiseCode,
  ]);
  return rows[0]?.id ?? '';
}

function assign(locationIds: readonly string[], given: Partial<AssignLeadRequest> = {}): Promise<AssignLeadAnswer> {
  return assignLead(database, assignLeadRequest(locationIds, given));
}

/** Everything that assigning may write, counted. */
async function countWrites(): Promise<unknown> {
  const { rows } = await test.pool.query(`
    select (select count(*) from leads) as leads, (select count(*) from lead_keys) as lead_keys,
      (select count(*) from person_keys) as person_keys, (select count(*) from outbox) as outbox,
      (select coalesce(sum(used), 0) from location_capacity) as seats`);
  return rows[0];
}

async function usedOf(locationId: string): Promise<number> {
  const { rows } = await test.pool.query<{ used: number }>(
    'select sum(used)::int as used from location_capacity where location_id = $1',
    [locationId],
  );
  return rows[0]?.used ?? 0;
}

describe('assign_lead', () => {
  it('writes lead, trace, keys, seat and outbox together', async () => {
    const [first, second] = [await makeLocation({ dailyCap: 0 }), await makeLocation({ dailyCap: 3 })];
    const request = assignLeadRequest([first, second], { externalId: 'e-1', personHashes: [sha256('ada')] });
    expect(await assignLead(database, request)).toMatchObject({
      status: 'assigned',
      leadId: request.leadId,
      locationId: second,
      candidateIndex: 1,
      skipped: [{ locationId: first, verdict: 'full' }],
      used: 1,
      dailyCap: 3,
    });
    const { rows } = await test.pool.query('select * from leads where id = $1', [request.leadId]);
    expect(rows[0]).toMatchObject({
      status: 'assigned',
      location_id: second,
      first_name: 'Ada',
      utm: { a: 1 },
      consent: null,
      match_level: 'nearest',
      decision: {
        matchLevel: 'nearest',
        candidates: [
          { locationId: first, verdict: 'full' },
          { locationId: second, verdict: 'chosen' },
        ],
      },
    });
    const sent = await test.pool.query('select topic, payload from outbox where lead_id = $1', [request.leadId]);
    expect(sent.rows).toEqual([{ topic: 'lead.assigned', payload: { leadId: request.leadId, locationId: second } }]);
  });

  it('answers the same externalId with what is stored, and another body with a conflict', async () => {
    const location = await makeLocation();
    const first = await assign([location], { externalId: 'e-2' });
    const before = await countWrites();
    expect(await assign([location], { externalId: 'e-2' })).toMatchObject({
      status: 'replayed',
      leadId: 'leadId' in first ? first.leadId : '',
      storedStatus: 'assigned',
      locationId: location,
    });
    expect(await assign([location], { externalId: 'e-2', bodyHash: sha256('other') })).toMatchObject({
      status: 'conflict',
    });
    expect(await countWrites()).toEqual(before);
  });

  it('recognises its own lead when it is asked again', async () => {
    const location = await makeLocation();
    const request = assignLeadRequest([location]);
    await assignLead(database, request);
    const before = await countWrites();
    for (const retry of [true, false]) {
      expect(await assignLead(database, { ...request, retry })).toMatchObject({
        status: 'replayed',
        leadId: request.leadId,
      });
    }
    expect(await countWrites()).toEqual(before);
  });

  it('given one lead twice at once takes one seat', async () => {
    const location = await makeLocation();
    const request = assignLeadRequest([location]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => assignLead(database, request)));
    expect(answers.filter((answer) => answer.status === 'assigned')).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 'replayed')).toHaveLength(7);
    expect(await usedOf(location)).toBe(1);
  });

  it('links a person inside the dedupe window to the first lead, by either key', async () => {
    const [first, other] = [await makeLocation(), await makeLocation()];
    const [email, phone] = [sha256('grace@'), sha256('+1')];
    const original = await assign([first], { personHashes: [email] });
    const originalId = 'leadId' in original ? original.leadId : '';
    expect(await assign([other], { personHashes: [email, phone] })).toMatchObject({
      status: 'duplicate',
      duplicateOf: originalId,
      locationId: first,
    });
    expect(await assign([other], { personHashes: [phone] })).toMatchObject({
      status: 'duplicate',
      duplicateOf: originalId,
    });
    expect(await usedOf(other)).toBe(0);
  });

  it('takes each of 1,000 people once who come twice at the same moment', async () => {
    const [first, second] = [await makeLocation(), await makeLocation()];
    const pairs = Array.from({ length: 1000 }, (_, pair) => [sha256(`mail ${pair}`), sha256(`phone ${pair}`)] as const);
    const answers: AssignLeadAnswer[] = [];
    for (let at = 0; at < pairs.length; at += 50) {
      const both = pairs
        .slice(at, at + 50)
        .flatMap(([email, phone]) => [
          assign([first], { personHashes: [email, phone] }),
          assign([second], { personHashes: [phone, email] }),
        ]);
      answers.push(...(await Promise.all(both)));
    }
    expect(answers.filter((answer) => answer.status === 'assigned')).toHaveLength(1000);
    expect(answers.filter((answer) => answer.status === 'duplicate')).toHaveLength(1000);
    expect((await usedOf(first)) + (await usedOf(second))).toBe(1000);
  });

  it('answers sticky, and writes nothing, until the caller knows of the location that had the person', async () => {
    const [mine, other] = [await makeLocation(), await makeLocation()];
    const personHashes = [sha256('sticky')];
    const apart = { personHashes, dedupeWindowMinutes: 0 };
    await assign([mine], apart);
    const before = await countWrites();
    expect(await assign([other], apart)).toEqual({ status: 'sticky', locationId: mine });
    expect(await countWrites()).toEqual(before);
    expect(await assign([other], { ...apart, stickyKnown: mine })).toMatchObject({
      status: 'assigned',
      locationId: other,
    });
    expect(await assign([mine], { ...apart, ignoreSticky: true })).toMatchObject({
      status: 'assigned',
      locationId: mine,
    });
    expect(await assign([other], { ...apart, stickyDays: 0 })).toMatchObject({ status: 'assigned', locationId: other });
  });

  it('answers exhausted, and writes nothing, or parks the lead, as it is asked', async () => {
    const [full, inactive, unknown] = [
      await makeLocation({ dailyCap: 0 }),
      await makeLocation({ active: false }),
      uuidv7(),
    ];
    const skipped = [
      { locationId: full, verdict: 'full' },
      { locationId: inactive, verdict: 'inactive' },
      { locationId: unknown, verdict: 'inactive' },
    ];
    const before = await countWrites();
    expect(await assign([full, inactive, unknown], { personHashes: [sha256('x')] })).toEqual({
      status: 'exhausted',
      skipped,
    });
    expect(await countWrites()).toEqual(before);
    const parked = await assign([full, inactive, unknown], {
      onExhausted: 'park',
      parkedReason: 'all_candidates_full',
    });
    expect(parked).toMatchObject({ status: 'parked', skipped });
    expect(await assign([])).toMatchObject({ status: 'parked', skipped: [] });
  });

  it('gives a seat above the cap where the rules ignore it', async () => {
    const full = await makeLocation({ dailyCap: 0 });
    const candidates = [{ locationId: full, matchLevel: 'territory', ignoresCapacity: true, traceIndex: 0 }];
    expect(await assign([full], { candidates })).toMatchObject({ status: 'assigned', used: 1, dailyCap: 0 });
  });

  it('counts a cap by the location’s own day', async () => {
    const kiritimati = await makeLocation({ timezone: 'Pacific/Kiritimati', dailyCap: 1 });
    // 24 hours behind, so that their days are apart by one at any moment.
    const honolulu = await makeLocation({ timezone: 'Pacific/Honolulu', dailyCap: 1 });
    await assign([kiritimati]);
    await assign([honolulu]);
    const { rows } = await test.pool.query(
      `select max(day) - min(day) as apart from location_capacity where location_id = any ($1)`,
      [[kiritimati, honolulu]],
    );
    expect(rows[0]).toEqual({ apart: 1 });
    expect(await assign([kiritimati])).toMatchObject({ status: 'exhausted' });
    await test.pool.query(`update location_capacity set day = day - 1 where location_id = $1`, [kiritimati]);
    expect(await assign([kiritimati])).toMatchObject({ status: 'assigned', used: 1 });
  });

  it('follows a cap that changes in the middle of the day', async () => {
    const location = await makeLocation({ dailyCap: 1 });
    await assign([location]);
    expect(await assign([location])).toMatchObject({ status: 'exhausted' });
    await setDailyCap(database, { locationId: location, dailyCap: 2 });
    expect(await assign([location])).toMatchObject({ status: 'assigned', used: 2, dailyCap: 2 });
    await setDailyCap(database, { locationId: location, dailyCap: null });
    expect(await assign([location])).toMatchObject({ status: 'assigned', used: 3, dailyCap: null });
  });

  it('meets a cap of 40 exactly under 1,000 leads at once, the rest overflowing, none lost and none twice', async () => {
    const [owner, next] = [await makeLocation({ dailyCap: 40 }), await makeLocation()];
    const answers = await Promise.all(Array.from({ length: 1000 }, () => assign([owner, next])));
    const taken = answers.map((answer) => (answer.status === 'assigned' ? answer.locationId : answer.status));
    expect(taken.filter((locationId) => locationId === owner)).toHaveLength(40);
    expect(taken.filter((locationId) => locationId === next)).toHaveLength(960);
    expect([await usedOf(owner), await usedOf(next)]).toEqual([40, 960]);
    const { rows } = await test.pool.query(
      'select count(*)::int, count(distinct id)::int as ids from leads where location_id = any ($1)',
      [[owner, next]],
    );
    expect(rows[0]).toEqual({ count: 1000, ids: 1000 });
  });
});
