import { randomUUID } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { assignLeadRequest, sha256 } from '../testing/assign-lead-request.ts';
import { countSeats, makeLocations } from '../testing/make-locations.ts';
import { assignLead, type AssignLeadAnswer, type AssignLeadRequest } from './assign-lead.ts';
import { assignLeads, MAX_LEADS_PER_CALL } from './assign-leads.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
});

afterAll(() => test.drop());

function make(given: readonly { dailyCap?: number | null; paused?: boolean }[]): Promise<string[]> {
  return makeLocations({ pool: test.pool, database }, given);
}

function countOf(answers: readonly AssignLeadAnswer[], status: AssignLeadAnswer['status']): number {
  return answers.filter((answer) => answer.status === status).length;
}

const leadIdOf = (answer: AssignLeadAnswer | undefined) => (answer && 'leadId' in answer ? answer.leadId : null);

/** A person of its own for each call, unless given. */
function requestTo(locationIds: readonly string[], given: Partial<AssignLeadRequest> = {}): AssignLeadRequest {
  return assignLeadRequest(locationIds, { personHashes: [sha256(randomUUID()), sha256(randomUUID())], ...given });
}

it('answers each lead of a batch in its place, and lets it see the leads before it', async () => {
  const [small = '', large = ''] = await make([{ dailyCap: 1 }, {}]);
  const person = [sha256('batch person')];
  const key = { externalId: 'batch-1', bodyHash: sha256('first') };
  const first = requestTo([small, large], key);
  const answers = await assignLeads(database, [
    first,
    requestTo([small, large], key),
    requestTo([small, large], { ...key, bodyHash: sha256('other') }),
    requestTo([small, large], { personHashes: person }),
    requestTo([large], { personHashes: person }),
    requestTo([small]),
    requestTo([]),
  ]);
  expect(answers).toMatchObject([
    { status: 'assigned', leadId: first.leadId, locationId: small, used: 1 },
    { status: 'replayed', leadId: first.leadId },
    { status: 'conflict', leadId: first.leadId },
    { status: 'assigned', locationId: large, skipped: [{ locationId: small, verdict: 'full' }] },
    { status: 'duplicate', duplicateOf: leadIdOf(answers[3]) },
    { status: 'exhausted' },
    { status: 'parked' },
  ]);
});

it('takes 500 leads in one call and refuses none, or more, by its number', async () => {
  const [location = ''] = await make([{}]);
  const requests = Array.from({ length: MAX_LEADS_PER_CALL }, () => requestTo([location]));
  const answers = await assignLeads(database, requests);
  expect(answers.map(leadIdOf)).toEqual(requests.map(({ leadId }) => leadId));
  expect(countOf(answers, 'assigned')).toBe(500);
  await expect(assignLeads(database, [...requests, requestTo([location])])).rejects.toThrow('Postgres answered 22023');
  await expect(assignLeads(database, [])).rejects.toThrow('Postgres answered 22023');
});

it('writes nothing of a batch with a request that is malformed', async () => {
  const [location = ''] = await make([{}]);
  const bad = requestTo([location], { leadId: randomUUID() });
  await expect(assignLeads(database, [requestTo([location]), bad])).rejects.toThrow('Postgres answered 23');
  expect(await countSeats(test.pool, [location])).toEqual([0]);
});

it('answers a batch sent again with what it stored', async () => {
  const [location = ''] = await make([{}]);
  const requests = Array.from({ length: 20 }, () => requestTo([location]));
  await assignLeads(database, requests);
  const again = await assignLeads(
    database,
    requests.map((request) => ({ ...request, retry: true })),
  );
  expect(countOf(again, 'replayed')).toBe(20);
  expect(await countSeats(test.pool, [location])).toEqual([20]);
});

it('places batches in opposite orders from 8 connections, among single leads, without a deadlock, a loss or a double', async () => {
  const locationIds = await make(Array.from({ length: 12 }, (_, index) => ({ dailyCap: 30 + 20 * index })));
  const size = 100;
  const people = Array.from({ length: size }, (_, index) => [sha256(`b mail ${index}`), sha256(`b phone ${index}`)]);
  const makeBatch = (batch: number): AssignLeadRequest[] => {
    const requests = people.map(([mail = '', phone = ''], index) => {
      const turned = [...locationIds.slice(index % 12), ...locationIds.slice(0, index % 12)];
      const order = batch % 2 === 0 ? turned : turned.toReversed();
      const candidates = order.map((locationId, traceIndex) => ({
        locationId,
        matchLevel: 'nearest',
        traceIndex,
        ...(traceIndex > 2 && index % 3 === 0 ? { pool: 'batches', weight: 1 + (traceIndex % 4) } : {}),
      }));
      return assignLeadRequest(order, {
        personHashes: [mail, phone],
        externalId: `shared-${index}`,
        candidates,
        maxCatchUpTurns: 1,
        // Two batches may decide differently about one lead: whoever is first is right.
        ignoreSticky: true,
        onExhausted: 'park',
      });
    });
    return batch % 2 === 0 ? requests : requests.toReversed();
  };
  const singles = makeBatch(0).slice(0, 40).concat(makeBatch(1).slice(0, 40));
  const [batches, alone] = await Promise.all([
    Promise.all(Array.from({ length: 8 }, (_, batch) => assignLeads(database, makeBatch(batch)))),
    Promise.all(singles.map((request) => assignLead(database, request))),
  ]);
  const answers = [...batches.flat(), ...alone];
  expect(countOf(answers, 'assigned')).toBe(size);
  expect(countOf(answers, 'replayed')).toBe(answers.length - size);
  expect(new Set(answers.map(leadIdOf)).size).toBe(size);
  const seats = await countSeats(test.pool, locationIds);
  expect(seats.reduce((sum, used) => sum + used)).toBe(size);
});

it('meets every cap and takes every lead once, of 1,000 at once with duplicates and retries among them', async () => {
  // 985 seats for 1,000 people.
  const caps = Array.from({ length: 50 }, (_, index) => 1 + ((index * 7) % 40));
  const locationIds = await make(caps.map((dailyCap) => ({ dailyCap })));
  const leads = Array.from({ length: 1000 }, (_, lead) => {
    const candidates = Array.from({ length: 20 }, (_item, step) => locationIds[(lead * 3 + step) % 50] ?? '');
    return requestTo(candidates, { externalId: `mixed-${lead}`, onExhausted: 'park' });
  });
  // The same call again, the same form sent again under another lead's id, and another form of the same person.
  const retries = leads.slice(0, 100).map((request) => ({ ...request, retry: true }));
  const resent = leads.slice(50, 150).map((request) => ({ ...request, leadId: uuidv7() }));
  const twice = leads.slice(100, 200).map((request, index) => ({
    ...request,
    leadId: uuidv7(),
    externalId: `mixed-again-${index}`,
  }));
  const shuffled = [...leads, ...retries, ...resent, ...twice]
    .map((request, index) => ({ request, order: sha256(`${index}`) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1));
  const answers = await Promise.all(shuffled.map(({ request }) => assignLead(database, request)));

  const { rows } = await test.pool.query<{ location_id: string | null; status: string; leads: number }>(
    `select location_id, status, count(*)::int as leads from leads where external_id like 'mixed-%' group by 1, 2`,
  );
  const sum = (status: string) =>
    rows.filter((row) => row.status === status).reduce((total, row) => total + row.leads, 0);
  expect([sum('assigned') + sum('parked'), sum('duplicate')]).toEqual([1000, 100]);
  expect([countOf(answers, 'replayed'), countOf(answers, 'conflict')]).toEqual([200, 0]);
  const seats = await countSeats(test.pool, locationIds);
  for (const [index, locationId] of locationIds.entries()) {
    expect(seats[index]).toBeLessThanOrEqual(caps[index] ?? 0);
    const placed = rows.find((row) => row.status === 'assigned' && row.location_id === locationId);
    expect(placed?.leads ?? 0).toBe(seats[index]);
  }
  // Who was parked found everybody full whom it asked.
  const parked = await test.pool.query<{ asked: string[] }>(
    `select array(select jsonb_array_elements(decision -> 'candidates') ->> 'locationId') as asked
    from leads where external_id like 'mixed-%' and status = 'parked'`,
  );
  expect(parked.rows.length).toBeGreaterThanOrEqual(15);
  const full = new Set(locationIds.filter((_, index) => seats[index] === caps[index]));
  for (const { asked } of parked.rows) expect(asked.filter((locationId) => !full.has(locationId))).toEqual([]);
});
