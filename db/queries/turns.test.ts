import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTurnOracle, type TurnMember } from '../../edge-router/src/testing/oracle-turns.ts';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { assignLeadRequest } from '../testing/assign-lead-request.ts';
import { countSeats, makeLocations } from '../testing/make-locations.ts';
import { assignLead, type AssignLeadRequest } from './assign-lead.ts';
import { updateLocation } from './update-location.ts';

const CONNECTIONS = 16;

let test: TestDatabase;
let database: Database;
/** Straight to Postgres, for the many leads. */
let connections: pg.Pool;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 60_000 });
  connections = new pg.Pool({ connectionString: test.url, max: CONNECTIONS });
  connections.on('error', () => undefined);
});

afterAll(async () => {
  await connections.end();
  await test.drop();
});

let poolsMade = 0;

async function makePool(weights: readonly number[], dailyCaps: readonly (number | null)[] = []) {
  const ids = await makeLocations(
    { pool: test.pool, database },
    weights.map((_, index) => ({ dailyCap: dailyCaps[index] ?? null })),
  );
  const members = ids.map((id, index): TurnMember => ({ id, weight: weights[index] ?? 1 }));
  return { name: `pool ${++poolsMade}`, members };
}

type Pool = Awaited<ReturnType<typeof makePool>>;

function requestFor({ name, members }: Pool, given: Partial<AssignLeadRequest> = {}): AssignLeadRequest {
  const request = assignLeadRequest(members.map(({ id }) => id));
  const candidates = members.map(({ id, weight }, traceIndex) => ({
    locationId: id,
    matchLevel: 'nearest',
    traceIndex,
    pool: name,
    weight,
  }));
  return { ...request, candidates, maxCatchUpTurns: 1, ...given };
}

/** Gives `count` leads to the pool, one after the other. @returns who got them */
async function deal(pool: Pool, count: number, given: Partial<AssignLeadRequest> = {}): Promise<string[]> {
  const taken: string[] = [];
  for (let dealt = 0; dealt < count; dealt++) {
    const answer = await assignLead(database, requestFor(pool, given));
    taken.push(answer.status === 'assigned' ? answer.locationId : answer.status);
  }
  return taken;
}

/** Gives `count` leads to the pool from all connections at once, each its next when it is done with the last. */
async function dealAtOnce(pool: Pool, count: number): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      await connections.query('select assign_lead($1::jsonb)', [JSON.stringify(requestFor(pool))]);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

/** How far each member's seats are from its exact share of `leads`. */
function offShare({ members }: Pool, { seats, leads }: { seats: readonly number[]; leads: number }): number[] {
  const sum = members.reduce((total, { weight }) => total + weight, 0);
  return members.map(({ weight }, index) => Math.abs((seats[index] ?? 0) - (leads * weight) / sum));
}

function seatsOf({ members }: Pool): Promise<number[]> {
  return countSeats(
    test.pool,
    members.map(({ id }) => id),
  );
}

async function setPaused(id: string, paused: boolean): Promise<void> {
  await updateLocation(database, { locationId: id, patch: { paused } });
}

it('gives turns exactly as the oracle does, with members that fill up, pause and return', async () => {
  const pool = await makePool([5, 3, 2, 1, 1], [null, 7, null, null, 4]);
  const takeTurn = createTurnOracle({ maxCatchUpTurns: 2 });
  const left = new Map<string, number>([
    [pool.members[1]?.id ?? '', 7],
    [pool.members[4]?.id ?? '', 4],
  ]);
  const pausing = pool.members[2]?.id ?? '';
  for (let lead = 0; lead < 120; lead++) {
    if (lead === 30 || lead === 70) await setPaused(pausing, lead === 30);
    const isPaused = lead >= 30 && lead < 70;
    const withRoom = pool.members.filter(({ id }) => left.get(id) !== 0 && !(isPaused && id === pausing));
    const expected = takeTurn(withRoom);
    if (left.has(expected)) left.set(expected, (left.get(expected) ?? 0) - 1);
    expect([lead, ...(await deal(pool, 1, { maxCatchUpTurns: 2 }))]).toEqual([lead, expected]);
  }
});

it('gives 7 locations their share of 10,000 leads from 16 connections, and no flood to the one that was paused', async () => {
  const pool = await makePool([7, 5, 4, 3, 2, 1, 1]);
  await dealAtOnce(pool, 10_000);
  const before = await seatsOf(pool);
  for (const off of offShare(pool, { seats: before, leads: 10_000 })) expect(off).toBeLessThanOrEqual(1);

  const away = pool.members[1]?.id ?? '';
  await setPaused(away, true);
  await dealAtOnce(pool, 2000);
  const meanwhile = await seatsOf(pool);
  expect(meanwhile[1]).toBe(before[1]);

  await setPaused(away, false);
  await dealAtOnce(pool, 2000);
  const after = await seatsOf(pool);
  expect(after.reduce((sum, seats) => sum + seats)).toBe(14_000);
  const share = (2000 * 5) / 23;
  // One turn owed at most, and one lead either way.
  expect((after[1] ?? 0) - (meanwhile[1] ?? 0)).toBeLessThanOrEqual(share + 2);
  expect((after[1] ?? 0) - (meanwhile[1] ?? 0)).toBeGreaterThanOrEqual(share - 1);
});

it('meets every cap inside a pool exactly, and says who was full', async () => {
  const pool = await makePool([9, 1, 1], [40, 10, 25]);
  await Promise.all(Array.from({ length: 5 }, () => deal(pool, 20)));
  expect(await seatsOf(pool)).toEqual([40, 10, 25]);
  const [full] = await deal(pool, 1);
  expect(full).toBe('exhausted');
  const answer = await assignLead(database, requestFor(pool, { onExhausted: 'park' }));
  expect(answer).toMatchObject({
    status: 'parked',
    skipped: pool.members.map(({ id }) => ({ locationId: id, verdict: 'full' })),
  });
});

it('asks one pool after the other, and locations without a pool between them', async () => {
  const nearest = await makePool([1, 1], [1, 1]);
  const [single] = await makeLocations({ pool: test.pool, database }, [{ dailyCap: 1 }]);
  const overflow = await makePool([2, 1]);
  const candidates = [
    ...requestFor(nearest).candidates,
    { locationId: single ?? '', matchLevel: 'territory', traceIndex: 2 },
    ...requestFor(overflow).candidates.map((candidate, index) => ({ ...candidate, traceIndex: 3 + index })),
  ];
  const ids = candidates.map(({ locationId }) => locationId);
  const answers = [];
  for (let lead = 0; lead < 6; lead++) {
    answers.push(await assignLead(database, assignLeadRequest(ids, { candidates, maxCatchUpTurns: 1 })));
  }
  const indexes = answers.map((answer) => (answer.status === 'assigned' ? answer.candidateIndex : -1));
  expect(new Set(indexes.slice(0, 2))).toEqual(new Set([0, 1]));
  expect(indexes[2]).toBe(2);
  expect(indexes.slice(3).toSorted((a, b) => a - b)).toEqual([3, 3, 4]);
  const last = answers[5];
  const stored = await test.pool.query('select decision from leads where id = $1', [
    last && 'leadId' in last ? last.leadId : null,
  ]);
  const verdicts = stored.rows[0]?.decision.candidates.map(({ verdict }: { verdict: string }) => verdict);
  expect(verdicts.slice(0, 3)).toEqual(['full', 'full', 'full']);
  expect(verdicts.filter((verdict: string) => verdict === 'chosen')).toHaveLength(1);
});
