import { randomUUID } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { assignLeadRequest, sha256 } from '../testing/assign-lead-request.ts';
import { countSeats, makeLocations } from '../testing/make-locations.ts';
import { assignLead, type AssignLeadRequest } from './assign-lead.ts';
import { assignLeads } from './assign-leads.ts';
import { reassignLead, type ReassignLeadRequest } from './reassign-lead.ts';

let test: TestDatabase;
let database: Database;
let person: string[];
/** Room for one, for one, and for nobody. */
let home: string;
let next: string;
let full: string;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

beforeEach(async () => {
  person = [sha256(randomUUID()), sha256(randomUUID())];
  const caps = [{ dailyCap: 1 }, { dailyCap: 1 }, { dailyCap: 0 }];
  [home = '', next = '', full = ''] = await makeLocations({ pool: test.pool, database }, caps);
});

const seats = () => countSeats(test.pool, [home, next, full]);

/** A lead of this test's person. @returns its id */
async function place(locationIds: readonly string[], given: Partial<AssignLeadRequest> = {}): Promise<string> {
  const request = assignLeadRequest(locationIds, { personHashes: person, onExhausted: 'park', ...given });
  await assignLead(database, request);
  return request.leadId;
}

function move(
  leadId: string,
  { to, ...given }: Partial<ReassignLeadRequest> & { to: readonly string[]; expectedLocationId: string | null },
) {
  const { candidates, decision } = assignLeadRequest(to);
  return reassignLead(database, {
    leadId,
    messageId: randomUUID(),
    kind: 'reassigned',
    reason: 'asked for',
    personHashes: person,
    candidates,
    maxCatchUpTurns: null,
    parkedReason: 'all_candidates_full',
    decision,
    whenNobody: 'park',
    requestDirectoryVersion: 7,
    nextTryAt: null,
    ...given,
  });
}

async function read(leadId: string) {
  const queries = {
    lead: 'select status, location_id, match_level, parked_reason, decision, assigned_day from leads where id = $1',
    lot: 'select reason, tries, tried_version::int, next_try_at from parking_lot where lead_id = $1',
    events: 'select kind, detail from lead_events where lead_id = $1 order by at',
    outbox: 'select topic, payload from outbox where lead_id = $1 order by id',
  };
  const [lead, lot, events, outbox] = await Promise.all(
    Object.values(queries).map(async (query) => (await test.pool.query(query, [leadId])).rows),
  );
  return { lead: lead?.[0], lot: lot?.[0], events, topics: outbox?.map(({ topic }) => topic) };
}

it('takes the new seat, frees the old one, and writes lead, person, time line and news', async () => {
  const leadId = await place([home]);
  const answer = await move(leadId, { to: [full, next], expectedLocationId: home });
  expect(answer).toMatchObject({
    status: 'assigned',
    locationId: next,
    candidateIndex: 1,
    matchLevel: 'nearest',
    skipped: [{ locationId: full, verdict: 'full' }],
    used: 1,
    dailyCap: 1,
  });
  expect(await seats()).toEqual([0, 1, 0]);
  const { lead, lot, events, topics } = await read(leadId);
  expect(lead).toMatchObject({ status: 'assigned', location_id: next, parked_reason: null });
  expect(lead.decision.candidates.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['full', 'chosen']);
  expect(lot).toBeUndefined();
  expect(events).toEqual([{ kind: 'reassigned', detail: { from: home, to: next, reason: 'asked for' } }]);
  expect(topics).toEqual(['lead.assigned', 'lead.reassigned']);
  // The person follows: their next lead is not sent back.
  const later = assignLeadRequest([home], { personHashes: person, dedupeWindowMinutes: 0 });
  expect(await assignLead(database, later)).toEqual({ status: 'sticky', locationId: next });
});

it('parks a lead that nobody else takes, or keeps it, as it is asked', async () => {
  const leadId = await place([home]);
  const skipped = [{ locationId: full, verdict: 'full' }];
  expect(await move(leadId, { to: [full], expectedLocationId: home, whenNobody: 'keep' })).toEqual({
    status: 'kept',
    skipped,
  });
  expect(await seats()).toEqual([1, 0, 0]);
  expect((await read(leadId)).events).toEqual([]);

  expect(await move(leadId, { to: [full], expectedLocationId: home })).toEqual({ status: 'parked', skipped });
  expect(await seats()).toEqual([0, 0, 0]);
  const parked = await read(leadId);
  expect(parked.lead).toMatchObject({
    status: 'parked',
    location_id: null,
    assigned_day: null,
    match_level: null,
    parked_reason: 'all_candidates_full',
  });
  expect(parked.lot).toMatchObject({ reason: 'all_candidates_full', tries: 0, tried_version: 7 });
  expect(parked.topics).toEqual(['lead.assigned', 'lead.parked']);
  // Nobody has the person now.
  expect(await place([next], { dedupeWindowMinutes: 0 })).toBeTruthy();
  expect(await seats()).toEqual([0, 1, 0]);
});

it('gives a parked lead to whoever has room, and takes it out of the parking lot', async () => {
  const leadId = await place([full], { requestDirectoryVersion: 3 });
  const parked = await read(leadId);
  expect(parked.lot).toMatchObject({ reason: 'no_place', tries: 0, tried_version: 3 });
  expect(parked.lot.next_try_at.getTime()).toBeGreaterThan(Date.now() + 4 * 60_000);

  const nextTryAt = '2030-01-01T00:00:00.000Z';
  const retried = { to: [full], expectedLocationId: null, kind: 'retried', whenNobody: 'keep' } as const;
  expect(await move(leadId, { ...retried, nextTryAt })).toMatchObject({ status: 'kept' });
  const kept = await read(leadId);
  expect(kept.lot).toMatchObject({ reason: 'no_place', tries: 1, tried_version: 7, next_try_at: new Date(nextTryAt) });
  await move(leadId, retried);
  expect((await read(leadId)).lot).toEqual(kept.lot);

  expect(await move(leadId, { ...retried, to: [next] })).toMatchObject({ status: 'assigned', locationId: next });
  const { lead, lot, events, topics } = await read(leadId);
  expect(lead).toMatchObject({ status: 'assigned', location_id: next, parked_reason: null });
  expect(lot).toBeUndefined();
  expect(events).toEqual([{ kind: 'retried', detail: { from: null, to: next, reason: 'asked for' } }]);
  expect(topics).toEqual(['lead.parked', 'lead.assigned']);
});

it('tells a lead that stays parked from one that is parked anew', async () => {
  const leadId = await place([full]);
  await move(leadId, { to: [full], expectedLocationId: null });
  const { lot, events, topics } = await read(leadId);
  expect(lot).toMatchObject({ reason: 'all_candidates_full', tries: 1 });
  expect([events, topics]).toEqual([[], ['lead.parked']]);
});

it('answers the same message again without doing it again', async () => {
  const leadId = await place([home]);
  const messageId = randomUUID();
  await move(leadId, { to: [next], expectedLocationId: home, messageId });
  await move(leadId, { to: [full], expectedLocationId: next });
  expect(await move(leadId, { to: [next], expectedLocationId: home, messageId })).toMatchObject({
    status: 'replayed',
    leadId,
    to: next,
    storedStatus: 'parked',
    locationId: null,
  });
  expect(await seats()).toEqual([0, 0, 0]);
});

it('refuses who thinks the lead is elsewhere, a duplicate, and an id that nobody has', async () => {
  const leadId = await place([home]);
  expect(await move(leadId, { to: [full], expectedLocationId: next })).toEqual({
    status: 'moved',
    storedStatus: 'assigned',
    locationId: home,
  });
  expect(await move(leadId, { to: [next], expectedLocationId: null })).toMatchObject({ status: 'moved' });
  const duplicateId = await place([next]);
  expect(await move(duplicateId, { to: [next], expectedLocationId: home })).toEqual({
    status: 'moved',
    storedStatus: 'duplicate',
    locationId: home,
  });
  expect(await move(uuidv7(), { to: [next], expectedLocationId: null })).toEqual({ status: 'not_found' });
  expect(await seats()).toEqual([1, 0, 0]);
});

it('lets one of many that move a lead at the same moment, and does not lose a seat', async () => {
  const leadId = await place([home]);
  const others = await makeLocations(
    { pool: test.pool, database },
    Array.from({ length: 10 }, () => ({ dailyCap: 1 })),
  );
  const answers = await Promise.all(others.map((to) => move(leadId, { to: [to], expectedLocationId: home })));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([
    'assigned',
    ...Array.from({ length: 9 }, () => 'moved'),
  ]);
  const seated = await countSeats(test.pool, [home, ...others]);
  expect(seated.filter((used) => used === 1)).toHaveLength(1);
  expect(seated.filter((used) => used === 0)).toHaveLength(10);
});

it('moves leads back and forth among batches and single leads, and every seat is counted', async () => {
  const [left = '', right = ''] = await makeLocations({ pool: test.pool, database }, [{}, {}]);
  const requests = Array.from({ length: 60 }, (_, index) => assignLeadRequest([index % 2 === 0 ? left : right]));
  await assignLeads(database, requests);
  await Promise.all([
    ...requests.map(({ leadId }, index) => {
      const [from, to] = index % 2 === 0 ? [left, right] : [right, left];
      return move(leadId, { to: [to], expectedLocationId: from, personHashes: [] });
    }),
    ...Array.from({ length: 30 }, (_, index) => assignLead(database, assignLeadRequest([index % 3 ? left : right]))),
    assignLeads(
      database,
      Array.from({ length: 40 }, (_, index) => assignLeadRequest(index % 2 ? [left, right] : [right, left])),
    ),
  ]);
  expect(await countSeats(test.pool, [left, right])).toEqual([30 + 20 + 20, 30 + 10 + 20]);
});
