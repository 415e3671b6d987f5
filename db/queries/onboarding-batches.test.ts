import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { openRun } from '../testing/onboarding-ledger.ts';
import { advanceOnboardingTurn } from './advance-onboarding-turn.ts';
import { beginOnboardingTurn } from './begin-onboarding-turn.ts';
import { changeOnboardingBatch, type BatchChange } from './change-onboarding-batch.ts';
import { claimOnboardingRows } from './claim-onboarding-rows.ts';
import { createOnboardingBatch } from './create-onboarding-batch.ts';
import { endOnboardingTurn, type TurnEnd } from './end-onboarding-turn.ts';
import { findOnboardingBatch } from './find-onboarding-batch.ts';
import { listOnboardingBatchRows } from './list-onboarding-batch-rows.ts';
import type { Turn } from './onboarding-batch-row.ts';
import { releaseOnboardingRows } from './release-onboarding-rows.ts';
import { storePlan } from './store-plan.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 10_000 });
});

afterAll(() => test.drop());

beforeEach(async () => {
  await test.pool.query('truncate onboarding_batches, onboarding_batch_rows, outbox');
});

const rules = { maxActive: 4, maxLoading: 100, loadedSteps: 3, leaseSeconds: 60, overdueSeconds: 30 };

async function createBatch(rows: number): Promise<string> {
  const planId = uuidv7();
  await storePlan(database, {
    id: planId,
    onInvalid: 'reject',
    runnable: true,
    summary: {},
    keptDays: 1,
    geocodingDueSeconds: 1,
    rows: Array.from({ length: rows }, (_, index) => ({
      row: index + 2,
      rowKey: `${planId}-${index}`,
      action: 'create' as const,
      locationId: null,
      subAccount: 'create' as const,
      input: { name: `Row ${index}`, franchiseCode: `F${index}` },
      changes: [],
      errors: [],
      warnings: [],
      cells: null,
      geocoding: null,
    })),
  });
  const request = { batchId: uuidv7(), planId, name: 'test', onFailure: 'keep' } as const;
  const made = await createOnboardingBatch(database, request);
  return made.batch.batchId;
}

const claim = (given: Partial<typeof rules> = {}) => claimOnboardingRows(database, { ...rules, ...given });
const begin = (turn: Turn) => beginOnboardingTurn(database, { ...turn, ...rules });
const end = (turn: Turn, given: TurnEnd, direction: 'forward' | 'back' = 'forward') =>
  endOnboardingTurn(database, { ...turn, ...rules, ...given, direction });
const change = (batchId: string, wanted: BatchChange) =>
  changeOnboardingBatch(database, { ...wanted, ...rules, batchId });
const statusesOf = async (batchId: string) =>
  (await listOnboardingBatchRows(database, { batchId, status: null, afterRow: 0, limit: 100 })).map(
    ({ status }) => status,
  );
const countOf = (turns: readonly Turn[], batchId: string) => turns.filter((turn) => turn.batchId === batchId).length;
const first = <T>([item]: readonly T[]): T => {
  if (item === undefined) throw new Error('there is none');
  return item;
};

/** As if so many seconds had gone by. */
async function passTime(seconds: number): Promise<void> {
  await test.pool.query(
    `update onboarding_batch_rows set due_at = due_at - make_interval(secs => $1), active_until = active_until - make_interval(secs => $1)`,
    [seconds],
  );
}

async function readNews(): Promise<unknown[]> {
  const { rows } = await test.pool.query<{ payload: unknown }>(
    `select payload from outbox where topic = 'batch.finished' order by id`,
  );
  return rows.map(({ payload }) => payload);
}

describe('slots', () => {
  it('are as many as there may be, however many ask at once', async () => {
    await createBatch(20);
    const asked = await Promise.all(Array.from({ length: 10 }, () => claim()));
    expect(asked.flat()).toHaveLength(4);
  });

  it('are shared evenly by batches, whichever came first', async () => {
    const big = await createBatch(20);
    expect(await claim({ maxActive: 2 })).toHaveLength(2);
    const small = await createBatch(3);
    const more = await claim();
    expect([countOf(more, big), countOf(more, small)]).toEqual([0, 2]);
    // Whoever frees one has the fewest then, however long the other's queue is.
    const freed = await end(first(more), { status: 'succeeded' });
    expect(freed.claimed).toMatchObject([{ batchId: small }]);
    const last = await end(first(freed.claimed), { status: 'succeeded' });
    expect(last.claimed).toMatchObject([{ batchId: big }]);
  });

  it('are not held by rows that wait', async () => {
    await createBatch(6);
    const [one] = await claim();
    if (!one) throw new Error('nothing was claimed');
    const { claimed, turn } = await end(one, { status: 'waiting', waitsFor: 'snapshot', delaySeconds: 60 });
    expect(claimed).toHaveLength(1);
    expect(turn).toBe(one.turn + 1);
  });

  it('are given to no row that has not begun while too many load, and to those that go on', async () => {
    const batchId = await createBatch(5);
    const claimed = await claim({ maxLoading: 2 });
    expect(claimed).toHaveLength(2);
    const [one] = claimed;
    if (!one) throw new Error('nothing was claimed');
    const { runId } = await openRun(database, { batch: batchId });
    const step = { ...one, direction: 'forward', leaseSeconds: 60, runId, stepsDone: 2 } as const;
    expect(await advanceOnboardingTurn(database, step)).toBe(true);
    const limited = { ...one, ...rules, maxLoading: 2, direction: 'forward', status: 'queued' } as const;
    // Itself, and nobody who would begin.
    expect((await endOnboardingTurn(database, limited)).claimed).toEqual([{ ...one, turn: one.turn + 2 }]);
  });

  it('are given to rows that begin although those of a paused batch load', async () => {
    const paused = await createBatch(2);
    for (const turn of await claim({ maxActive: 2 })) {
      const { runId } = await openRun(database, { batch: paused });
      await advanceOnboardingTurn(database, { ...turn, direction: 'forward', leaseSeconds: 60, runId, stepsDone: 2 });
      await end(turn, { status: 'waiting', waitsFor: 'snapshot', delaySeconds: 60 });
    }
    const other = await createBatch(1);
    expect(await claim({ maxLoading: 2 })).toEqual([]);
    const pause = { ...rules, maxLoading: 2, batchId: paused, action: 'pause' } as const;
    expect(await changeOnboardingBatch(database, pause)).toMatchObject({ claimed: [{ batchId: other }] });
  });

  it('of a Worker that died are free again, and its late word changes nothing', async () => {
    const batchId = await createBatch(1);
    const one = first(await claim());
    expect(await claim()).toEqual([]);
    await passTime(61);
    const again = first(await claim());
    expect(again).toMatchObject({ row: one.row, turn: one.turn + 1 });
    expect(await end(one, { status: 'succeeded' })).toMatchObject({ turn: null, finished: false });
    expect(await statusesOf(batchId)).toEqual(['active']);
    expect(await begin(one)).toMatchObject({ status: 'stale' });
  });

  it('that nobody could be told of are given again', async () => {
    await createBatch(1);
    const claimed = await claim();
    await releaseOnboardingRows(database, { turns: claimed, afterSeconds: 15 });
    expect(await claim()).toEqual([]);
    await passTime(16);
    expect(await claim()).toHaveLength(1);
  });
});

describe('a row’s message', () => {
  it('begins its turn, again when it comes twice', async () => {
    await createBatch(1);
    const one = first(await claim());
    expect(await begin(one)).toMatchObject({
      status: 'begun',
      row: { input: { name: 'Row 0' }, direction: 'forward' },
    });
    expect(await begin(one)).toMatchObject({ status: 'begun' });
  });

  it('after waiting takes a slot when one is free, under its own turn; else the row queues', async () => {
    await createBatch(5);
    const [one, ...others] = await claim();
    if (!one) throw new Error('nothing was claimed');
    const { turn } = await end(one, { status: 'waiting', waitsFor: 'snapshot', delaySeconds: 0 });
    const wake = { ...one, turn: turn ?? 0 };
    expect(await begin(wake)).toEqual({ status: 'stale', claimed: [] });
    const freed = await end(first(others), { status: 'succeeded' });
    expect(freed.claimed).toEqual([{ ...wake, turn: wake.turn + 1 }]);
    const second = await end(first(freed.claimed), { status: 'waiting', waitsFor: 'snapshot', delaySeconds: 0 });
    const free = { ...one, turn: second.turn ?? 0 };
    expect(await begin(free)).toMatchObject({ status: 'begun', claimed: [] });
    expect(await begin(free)).toMatchObject({ status: 'begun' });
  });

  it('that is lost is made good by the next claim', async () => {
    await createBatch(1);
    await end(first(await claim()), { status: 'waiting', waitsFor: 'snapshot', delaySeconds: 10 });
    await passTime(35);
    expect(await claim()).toEqual([]);
    await passTime(10);
    expect(await claim()).toHaveLength(1);
  });
});

describe('a batch', () => {
  it('is over once, with its last row, and says what came of them', async () => {
    const batchId = await createBatch(2);
    const [one, two] = await claim();
    if (!one || !two) throw new Error('nothing was claimed');
    expect(await end(one, { status: 'failed', error: { reason: 'x' } })).toMatchObject({ finished: false });
    expect(await end(two, { status: 'succeeded' })).toMatchObject({ finished: true });
    expect(await end(two, { status: 'succeeded' })).toMatchObject({ finished: false });
    expect(await findOnboardingBatch(database, batchId)).toMatchObject({ status: 'finished' });
    expect(await readNews()).toEqual([{ batchId, total: 2, succeeded: 1, failed: 1, cancelled: 0, rolledBack: 0 }]);
  });

  it('that is paused gives out no slot, and what is under way stops after its step', async () => {
    const batchId = await createBatch(3);
    const one = first(await claim({ maxActive: 1 }));
    expect(await change(batchId, { action: 'pause' })).toMatchObject({
      status: 'changed',
      batch: { status: 'paused' },
    });
    expect(await change(batchId, { action: 'pause' })).toMatchObject({ status: 'changed' });
    const step = { ...one, direction: 'forward', leaseSeconds: 60, stepsDone: 1 } as const;
    expect(await advanceOnboardingTurn(database, step)).toBe(false);
    expect(await end(one, { status: 'queued' })).toEqual({ turn: null, finished: false, claimed: [] });
    const resumed = await change(batchId, { action: 'resume' });
    expect(resumed).toMatchObject({ status: 'changed', claimed: [{ row: 3 }, { row: 4 }, { row: 2 }] });
  });

  it('that is cancelled ends at once where nothing is under way, and else with that', async () => {
    const batchId = await createBatch(3);
    const one = first(await claim({ maxActive: 1 }));
    await change(batchId, { action: 'cancel' });
    expect(await statusesOf(batchId)).toEqual(['active', 'cancelled', 'cancelled']);
    expect(await end(one, { status: 'waiting', waitsFor: 'x', delaySeconds: 5 })).toMatchObject({ finished: true });
    expect(await statusesOf(batchId)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(await findOnboardingBatch(database, batchId)).toMatchObject({ status: 'cancelled' });
    expect(await readNews()).toMatchObject([{ cancelled: 3 }]);
  });

  it('that is cancelled ends although a Worker died in it, or nobody could be told of a row', async () => {
    const died = await createBatch(1);
    await claim();
    const untold = await createBatch(1);
    const turns = await claim();
    for (const batchId of [died, untold]) await change(batchId, { action: 'cancel' });
    await releaseOnboardingRows(database, { turns, afterSeconds: 15 });
    await passTime(61);
    expect(await claim()).toEqual([]);
    for (const batchId of [died, untold]) {
      expect(await statusesOf(batchId)).toEqual(['cancelled']);
      expect(await findOnboardingBatch(database, batchId)).toMatchObject({ finishedAt: expect.any(String) });
    }
    expect(await readNews()).toMatchObject([{ cancelled: 1 }, { cancelled: 1 }]);
  });

  it('is over when it is rolled back and the rest of it never began', async () => {
    const batchId = await createBatch(3);
    await end(first(await claim({ maxActive: 1 })), { status: 'succeeded' });
    await change(batchId, { action: 'pause' });
    for (const { turn, row } of (await claim()).filter((one) => one.batchId === batchId)) {
      await end({ batchId, row, turn }, { status: 'queued' });
    }
    await passTime(61);
    await claim();
    expect(await change(batchId, { action: 'roll_back', which: 'unfinished' })).toMatchObject({ status: 'changed' });
    expect(await statusesOf(batchId)).toEqual(['succeeded', 'cancelled', 'cancelled']);
    expect(await findOnboardingBatch(database, batchId)).toMatchObject({ finishedAt: expect.any(String) });
    expect(await readNews()).toMatchObject([{ succeeded: 1, cancelled: 2 }]);
  });

  it('is retried by its failed rows, or by those that are named', async () => {
    const batchId = await createBatch(3);
    for (const turn of await claim()) await end(turn, { status: turn.row === 2 ? 'succeeded' : 'failed', error: {} });
    expect(await change(batchId, { action: 'retry', rows: [2] })).toMatchObject({ status: 'refused' });
    const named = await change(batchId, { action: 'retry', rows: [4] });
    expect(named).toMatchObject({ status: 'changed', claimed: [{ row: 4 }], batch: { finishedAt: null } });
    const rest = await change(batchId, { action: 'retry' });
    expect(rest).toMatchObject({ claimed: [{ row: 3 }] });
    for (const changed of [named, rest]) {
      if (changed.status !== 'changed') throw new Error(changed.status);
      await end(first(changed.claimed), { status: 'succeeded' });
    }
    expect(await readNews()).toMatchObject([{ failed: 2 }, { failed: 0, succeeded: 3 }]);
  });

  it('is rolled back row by row; those that never began are cancelled, and what is under way turns round', async () => {
    const batchId = await createBatch(4);
    const [done, active] = await claim({ maxActive: 2 });
    if (!done || !active) throw new Error('nothing was claimed');
    for (const turn of [done, active]) {
      const { runId } = await openRun(database, { batch: batchId });
      await advanceOnboardingTurn(database, { ...turn, direction: 'forward', leaseSeconds: 60, runId });
    }
    await endOnboardingTurn(database, { ...done, ...rules, maxActive: 1, status: 'succeeded', direction: 'forward' });
    await change(batchId, { action: 'roll_back', which: 'unfinished' });
    expect(await statusesOf(batchId)).toEqual(['succeeded', 'active', 'cancelled', 'cancelled']);
    const turned = await end(active, { status: 'succeeded' });
    expect(turned.claimed).toMatchObject([{ row: active.row }]);
    const back = first(turned.claimed);
    expect(await begin(back)).toMatchObject({ row: { direction: 'back' } });
    expect(await end(back, { status: 'rolled_back' }, 'back')).toMatchObject({ finished: true });
    expect(await change(batchId, { action: 'roll_back', which: 'unfinished' })).toMatchObject({ status: 'refused' });
    expect(await change(batchId, { action: 'roll_back', which: 'all' })).toMatchObject({
      claimed: [{ row: done.row }],
    });
  });
});
