import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { locationUpsert } from '../testing/location-upsert.ts';
import {
  beginStep,
  finishStep,
  newRowKey,
  openRun,
  stepOf,
  succeedStep,
  takeStep,
} from '../testing/onboarding-ledger.ts';
import { beginOnboardingUndo } from './begin-onboarding-undo.ts';
import { findOnboardingRun } from './find-onboarding-run.ts';
import { finishOnboardingStep } from './finish-onboarding-step.ts';
import { listOnboardingEvents } from './list-onboarding-events.ts';
import { recordOnboardingEffect } from './record-onboarding-effect.ts';
import { replaceOnboardingRow } from './replace-onboarding-row.ts';
import { settleOnboardingEffect } from './settle-onboarding-effect.ts';
import { upsertLocations } from './upsert-locations.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 10_000 });
});

afterAll(() => test.drop());

describe('beginning a step', () => {
  it('gives the lease to one of all that ask at once, and tells the others when to come back', async () => {
    const { runId } = await openRun(database);
    const answers = await Promise.all(Array.from({ length: 10 }, () => beginStep(database, runId)));
    expect(answers.filter(({ status }) => status === 'begun')).toHaveLength(1);
    const busy = answers.filter((answer) => answer.status === 'busy');
    expect(busy).toHaveLength(9);
    for (const answer of busy) {
      expect(answer).toMatchObject({ step: 'create-record' });
      expect(answer.retryAfterSeconds).toBeGreaterThan(0);
      expect(answer.retryAfterSeconds).toBeLessThanOrEqual(30);
    }
  });

  it('replays a step that succeeded on the same fields, and begins it again on others', async () => {
    const { runId } = await openRun(database);
    await succeedStep(database, runId, 'create-record');
    const replayed = await beginStep(database, runId);
    expect(replayed.status).toBe('replayed');
    const again = await takeStep(database, runId, { fieldsHash: 'h2' });
    expect(stepOf(again.run, 'create-record')).toMatchObject({
      status: 'running',
      attempt: 2,
      output: { step: 'create-record' },
    });
  });

  it('is blocked while a step that it needs has not succeeded', async () => {
    const { runId } = await openRun(database);
    const needs = ['create-record', 'create-sub-account'];
    const blocked = await beginStep(database, runId, { step: 'apply-snapshot', needs });
    expect(blocked).toEqual({ status: 'blocked', missing: expect.arrayContaining(needs) });
    await succeedStep(database, runId, 'create-record');
    await succeedStep(database, runId, 'create-sub-account');
    expect((await beginStep(database, runId, { step: 'apply-snapshot', needs })).status).toBe('begun');
  });

  it('knows no run that there is none of', async () => {
    expect((await beginStep(database, uuidv7())).status).toBe('not_found');
    expect((await beginOnboardingUndo(database, { runId: uuidv7(), order: [], leaseSeconds: 1 })).status).toBe(
      'not_found',
    );
    expect((await replaceOnboardingRow(database, { runId: uuidv7(), row: {}, hashes: {} })).status).toBe('not_found');
    expect(await findOnboardingRun(database, uuidv7())).toBeNull();
  });

  it('counts polls of one attempt while it waits', async () => {
    const { runId } = await openRun(database);
    for (const polls of [0, 1, 2]) {
      const begun = await takeStep(database, runId);
      expect(stepOf(begun.run, 'create-record')).toMatchObject({ attempt: 1, polls });
      const run = await finishStep(database, {
        runId,
        fence: begun.fence,
        step: 'create-record',
        status: 'waiting',
        output: { waitsFor: 'snapshot' },
        retryAfterSeconds: 5,
      });
      expect(stepOf(run, 'create-record')?.nextTryAt).not.toBeNull();
    }
    const events = await listOnboardingEvents(database, { runId, after: 0, limit: 100 });
    // A milestone, not one line for each poll.
    expect(events.map(({ kind }) => kind)).toEqual(['run_opened', 'step_started', 'step_waiting']);
  });
});

describe('the fence', () => {
  it('refuses every write of a holder whose lease ended and was taken over', async () => {
    const { runId } = await openRun(database);
    const slow = await takeStep(database, runId, { leaseSeconds: 0 });
    const next = await takeStep(database, runId);
    expect(next.fence).toBe(slow.fence + 1);
    expect(stepOf(next.run, 'create-record')).toMatchObject({ attempt: 2 });
    const held = { runId, fence: slow.fence, step: 'create-record', leaseSeconds: 30 };
    const effect = { effect: 'create-sub-account', intent: {}, settlesAfterSeconds: 1 };
    expect((await recordOnboardingEffect(database, { ...held, ...effect })).status).toBe('fenced');
    const recorded = await recordOnboardingEffect(database, { ...held, ...effect, fence: next.fence });
    if (recorded.status !== 'recorded') throw new Error('fenced');
    const settled = { ...held, effectId: recorded.effectId, outcome: 'done', result: {} } as const;
    expect((await settleOnboardingEffect(database, settled)).status).toBe('fenced');
    expect((await finishOnboardingStep(database, { ...held, status: 'succeeded' })).status).toBe('fenced');
    expect(stepOf(await findOnboardingRun(database, runId), 'create-record')?.status).toBe('running');
    expect((await settleOnboardingEffect(database, { ...settled, fence: next.fence })).status).toBe('settled');
  });

  it('refuses a holder whose lease ended although nobody took over', async () => {
    const { runId } = await openRun(database);
    const { fence } = await takeStep(database, runId, { leaseSeconds: 0 });
    expect(
      (await finishOnboardingStep(database, { runId, fence, step: 'create-record', status: 'succeeded' })).status,
    ).toBe('fenced');
  });

  it('is prolonged by what is recorded, so that a long call is covered', async () => {
    const { runId } = await openRun(database);
    const { fence } = await takeStep(database, runId, { leaseSeconds: 5 });
    const effect = { effect: 'create-sub-account', intent: {}, settlesAfterSeconds: 90 };
    await recordOnboardingEffect(database, { runId, fence, step: 'create-record', ...effect, leaseSeconds: 60 });
    const busy = await beginStep(database, runId);
    if (busy.status !== 'busy') throw new Error(busy.status);
    expect(busy.retryAfterSeconds).toBeGreaterThan(50);
  });

  it('lets one of many finish what all think they hold', async () => {
    const { runId } = await openRun(database);
    const { fence } = await takeStep(database, runId);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        finishOnboardingStep(database, { runId, fence, step: 'create-record', status: 'succeeded' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 'finished')).toHaveLength(1);
  });
});

describe('effects', () => {
  it('are handed to whoever takes over, with the time until an unknown outcome is settled', async () => {
    const { runId, rowKey } = await openRun(database);
    const dead = await takeStep(database, runId, { leaseSeconds: 0 });
    expect(dead.effects).toEqual([]);
    const alive = await takeStep(database, runId, { leaseSeconds: 1 });
    const effect = { effect: 'create-sub-account', intent: { marker: 'ops+1@brand.example' }, settlesAfterSeconds: 90 };
    await recordOnboardingEffect(database, {
      runId,
      fence: alive.fence,
      step: 'create-record',
      ...effect,
      leaseSeconds: 0,
    });
    await test.pool.query(`update onboarding_locations set lease_until = now() - interval '1 s' where row_key = $1`, [
      rowKey,
    ]);
    const { effects } = await takeStep(database, runId);
    expect(effects).toMatchObject([{ effect: 'create-sub-account', outcome: 'unknown', intent: effect.intent, runId }]);
    expect(effects[0]?.settlesInSeconds).toBeGreaterThan(80);
  });

  it('point the location at its sub-account in the same transaction', async () => {
    const rowKey = newRowKey();
    await upsertLocations(database, [locationUpsert({ franchiseCode: rowKey, active: false })]);
    const { rows } = await test.pool.query<{ id: string }>('select id from location_keys where franchise_code = $1', [
      rowKey,
    ]);
    const locationId = rows[0]?.id ?? '';
    const { runId } = await openRun(database, { rowKey });
    const { fence } = await takeStep(database, runId);
    await finishStep(database, { runId, fence, step: 'create-record', status: 'succeeded', location: { locationId } });
    const create = await takeStep(database, runId, { step: 'create-sub-account' });
    const held = { runId, fence: create.fence, step: 'create-sub-account', leaseSeconds: 30 };
    const recorded = await recordOnboardingEffect(database, {
      ...held,
      effect: 'create-sub-account',
      intent: {},
      settlesAfterSeconds: 90,
    });
    if (recorded.status !== 'recorded') throw new Error('fenced');
    await settleOnboardingEffect(database, {
      ...held,
      effectId: recorded.effectId,
      outcome: 'done',
      result: { ghlLocationId: `sub-${rowKey}` },
      location: { ghlLocationId: `sub-${rowKey}` },
    });
    const run = await finishStep(database, { ...held, status: 'succeeded', location: { active: true } });
    expect(run).toMatchObject({ locationId, ghlLocationId: `sub-${rowKey}`, active: true, generation: 1 });
  });
});
