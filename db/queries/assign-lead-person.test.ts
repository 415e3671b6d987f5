import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { assignLeadRequest, leadIdAt, sha256 } from '../testing/assign-lead-request.ts';
import { locationUpsert } from '../testing/location-upsert.ts';
import { assignLead, type AssignLeadRequest } from './assign-lead.ts';
import { upsertLocations } from './upsert-locations.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let test: TestDatabase;
let database: Database;
let home: string;
let other: string;
/** A person of each test's own. */
let email: string;
let phone: string;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
  await upsertLocations(database, [locationUpsert({ franchiseCode: 'A' }), locationUpsert({ franchiseCode: 'B' })]);
  const { rows } = await test.pool.query<{ id: string }>('select id from location_keys order by franchise_code');
  [home, other] = [rows[0]?.id ?? '', rows[1]?.id ?? ''];
});

afterAll(() => test.drop());

beforeEach(() => {
  email = sha256(randomUUID());
  phone = sha256(randomUUID());
});

async function assignAt(timeMs: number, given: Partial<AssignLeadRequest> = {}, to = home) {
  const request = assignLeadRequest([to], { leadId: leadIdAt(timeMs), personHashes: [email], ...given });
  const answer = await assignLead(database, request);
  return { ...answer, ownId: request.leadId };
}

it('counts the dedupe window from the first lead, so that a person who keeps asking is heard again', async () => {
  const now = Date.now();
  const first = await assignAt(now - 61 * 60_000);
  expect(await assignAt(now - 30 * 60_000)).toMatchObject({ status: 'duplicate', duplicateOf: first.ownId });
  expect(await assignAt(now)).toMatchObject({ status: 'assigned' });
});

it('finds a duplicate by the leads’ own times when the earlier one comes in later', async () => {
  const now = Date.now();
  const later = await assignAt(now);
  expect(await assignAt(now - 10 * 60_000)).toMatchObject({ status: 'duplicate', duplicateOf: later.ownId });
});

it('goes on measuring from the newest lead after an old one came in late', async () => {
  const now = Date.now();
  const newest = await assignAt(now - 5 * 60_000);
  expect(await assignAt(now - 5 * HOUR_MS)).toMatchObject({ status: 'assigned' });
  expect(await assignAt(now)).toMatchObject({ status: 'duplicate', duplicateOf: newest.ownId });
});

it('links a duplicate of a parked lead to it, without a location', async () => {
  const parked = await assignAt(Date.now(), { candidates: [] });
  expect(parked.status).toBe('parked');
  expect(await assignAt(Date.now())).toMatchObject({
    status: 'duplicate',
    duplicateOf: parked.ownId,
    locationId: null,
  });
});

it('keeps a person’s location through a lead that was parked', async () => {
  const now = Date.now();
  await assignAt(now - 5 * HOUR_MS);
  await assignAt(now - 3 * HOUR_MS, { candidates: [], ignoreSticky: true });
  expect(await assignAt(now, {}, other)).toEqual(expect.objectContaining({ status: 'sticky', locationId: home }));
});

it('is not held by a location of more than `stickyDays` ago', async () => {
  await assignAt(Date.now() - 2 * HOUR_MS);
  await test.pool.query(
    `update person_keys set assigned_at = assigned_at - interval '91 days', lead_at = lead_at - interval '91 days'
    where hash = decode($1, 'hex')`,
    [email],
  );
  expect(await assignAt(Date.now(), {}, other)).toMatchObject({ status: 'assigned', locationId: other });
});

it('names the match level sticky where the person’s location comes first anyway, unless the source named it', async () => {
  const now = Date.now();
  await assignAt(now - 5 * HOUR_MS);
  const again = await assignAt(now - 3 * HOUR_MS);
  expect(again).toMatchObject({ status: 'assigned', matchLevel: 'sticky' });
  const stored = await test.pool.query('select match_level, decision from leads where id = $1', [again.ownId]);
  expect(stored.rows[0]).toMatchObject({ match_level: 'sticky', decision: { matchLevel: 'sticky' } });
  const named = [{ locationId: home, matchLevel: 'named', traceIndex: 0 }];
  expect(await assignAt(now, { candidates: named })).toMatchObject({ matchLevel: 'named' });
});

it('does not leave a person’s location to a pool’s turns', async () => {
  const now = Date.now();
  await assignAt(now - 3 * HOUR_MS);
  const candidates = [home, other].map((locationId, traceIndex) => ({
    locationId,
    matchLevel: 'nearest',
    traceIndex,
    pool: 'nearest',
    weight: 1,
  }));
  const inTurn = { candidates, maxCatchUpTurns: 1 };
  expect(await assignAt(now, inTurn)).toMatchObject({ status: 'sticky', locationId: home });
  expect(await assignAt(now, { ...inTurn, stickyKnown: home })).toMatchObject({ status: 'assigned' });
});

it('follows the last assignment when a person’s two keys know different locations', async () => {
  const now = Date.now();
  await assignAt(now - 3 * DAY_MS, { personHashes: [email] }, home);
  await assignAt(now - 2 * DAY_MS, { personHashes: [phone] }, other);
  const both = { personHashes: [email, phone] };
  expect(await assignAt(now, both, home)).toMatchObject({ status: 'sticky', locationId: other });
  expect(await assignAt(now, both, other)).toMatchObject({ status: 'assigned', locationId: other });
});

it('takes a source’s id anew when the lead that had it is gone', async () => {
  const key = { externalId: 'gone-1', personHashes: [] };
  const first = await assignAt(Date.now(), key);
  await test.pool.query('delete from leads where id = $1', [first.ownId]);
  const second = await assignAt(Date.now(), { ...key, bodyHash: sha256('new body') });
  expect(second.status).toBe('assigned');
  expect(await assignAt(Date.now(), { ...key, bodyHash: sha256('new body') })).toMatchObject({
    status: 'replayed',
    leadId: second.ownId,
  });
});

it('given one source’s id by many at once stores one lead, the others replay it', async () => {
  const key = { externalId: 'race-1', personHashes: [] };
  const answers = await Promise.all(Array.from({ length: 40 }, () => assignAt(Date.now(), key)));
  expect(answers.filter((answer) => answer.status === 'assigned')).toHaveLength(1);
  expect(answers.filter((answer) => answer.status === 'replayed')).toHaveLength(39);
});

it('stores a lead of a month that has no partition', async () => {
  const answer = await assignAt(Date.now() - 400 * DAY_MS);
  expect(answer.status).toBe('assigned');
  const found = await test.pool.query('select from leads_default where id = $1', [answer.ownId]);
  expect(found.rowCount).toBe(1);
});

it('refuses an id that is no UUIDv7, and more candidates than it may be given', async () => {
  const one = assignLeadRequest([home]);
  await expect(assignLead(database, { ...one, leadId: randomUUID() })).rejects.toThrow('Postgres answered 23');
  const many = assignLeadRequest(Array.from({ length: 21 }, () => home));
  await expect(assignLead(database, many)).rejects.toThrow('Postgres answered 22023');
});
