import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import { locationUpsert } from '../testing/location-upsert.ts';
import { beginStep, LEDGER_STEPS, newRowKey, openRun, takeStep } from '../testing/onboarding-ledger.ts';
import { beginOnboardingUndo } from './begin-onboarding-undo.ts';
import { findOnboardingRun } from './find-onboarding-run.ts';
import { finishOnboardingStep, type FinishOnboardingStepRequest } from './finish-onboarding-step.ts';
import { listOnboardingEvents } from './list-onboarding-events.ts';
import { listOnboardingTasks } from './list-onboarding-tasks.ts';
import type { OnboardingRunRow } from './onboarding-run-row.ts';
import { openOnboardingRun } from './open-onboarding-run.ts';
import { recordOnboardingEffect } from './record-onboarding-effect.ts';
import { replaceOnboardingRow } from './replace-onboarding-row.ts';
import { settleOnboardingEffect } from './settle-onboarding-effect.ts';
import { updateOnboardingTask } from './update-onboarding-task.ts';
import { upsertLocations } from './upsert-locations.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 10_000 });
});

afterAll(() => test.drop());

/** Ends what was begun; it must still hold its lease. */
async function finish(request: FinishOnboardingStepRequest): Promise<OnboardingRunRow> {
  const finished = await finishOnboardingStep(database, request);
  if (finished.status !== 'finished') throw new Error('fenced');
  return finished.run;
}

async function succeed(runId: string, step: string, fieldsHash = 'h1'): Promise<OnboardingRunRow> {
  const { fence } = await takeStep(database, runId, { step, fieldsHash });
  return finish({ runId, fence, step, status: 'succeeded', output: { step } });
}

const stepOf = (run: OnboardingRunRow | null, name: string) => run?.steps.find(({ step }) => step === name);

describe('opening', () => {
  it('is the same run for the same batch and row key, however many ask at once', async () => {
    const request = { batch: `batch-${uuidv7()}`, rowKey: newRowKey(), row: { name: 'One' }, steps: LEDGER_STEPS };
    const asked = Array.from({ length: 12 }, () => openOnboardingRun(database, { ...request, runId: uuidv7() }));
    const answers = await Promise.all(asked);
    const runIds = new Set(answers.map((answer) => (answer.status === 'taken' ? answer : answer.run).runId));
    expect(runIds.size).toBe(1);
    expect(answers.filter(({ status }) => status === 'opened')).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 'same')).toHaveLength(11);
  });

  it('lets one run of a location be open, of all that ask at once', async () => {
    const rowKey = newRowKey();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        openOnboardingRun(database, {
          runId: uuidv7(),
          batch: `${rowKey}-${number}`,
          rowKey,
          row: {},
          steps: LEDGER_STEPS,
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(['opened', ...Array.from({ length: 9 }, () => 'taken')]);
  });

  it('lets another batch in once the run before is completed', async () => {
    const { runId, rowKey } = await openRun(database);
    for (const step of LEDGER_STEPS) await succeed(runId, step);
    const next = await openOnboardingRun(database, {
      runId: uuidv7(),
      batch: 'later',
      rowKey,
      row: {},
      steps: LEDGER_STEPS,
    });
    expect(next.status).toBe('opened');
    // The older one may be shown, not changed, while this one is open.
    expect((await beginStep(database, runId, { step: 'apply-snapshot', fieldsHash: 'other' })).status).toBe('taken');
    expect((await beginStep(database, runId, { step: 'apply-snapshot' })).status).toBe('replayed');
  });
});

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
    await succeed(runId, 'create-record');
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
    await succeed(runId, 'create-record');
    await succeed(runId, 'create-sub-account');
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
      const run = await finish({
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
    await finish({ runId, fence, step: 'create-record', status: 'succeeded', location: { locationId } });
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
    const run = await finish({ ...held, status: 'succeeded', location: { active: true } });
    expect(run).toMatchObject({ locationId, ghlLocationId: `sub-${rowKey}`, active: true, generation: 1 });
  });
});

describe('a run', () => {
  it('is completed by its last step, and open again when its row is corrected', async () => {
    const { runId } = await openRun(database);
    let run = await findOnboardingRun(database, runId);
    for (const step of LEDGER_STEPS) {
      expect(run?.status).toBe('open');
      run = await succeed(runId, step);
    }
    expect(run?.status).toBe('completed');
    const hashes = { 'create-record': 'h2', 'create-sub-account': 'h1', 'apply-snapshot': 'h1' };
    const replaced = await replaceOnboardingRow(database, { runId, row: { name: 'Two' }, hashes });
    if (replaced.status !== 'replaced') throw new Error(replaced.status);
    expect(replaced.run).toMatchObject({ status: 'open', row: { name: 'Two' } });
    expect(stepOf(replaced.run, 'create-record')?.status).toBe('pending');
    expect(stepOf(replaced.run, 'apply-snapshot')?.status).toBe('succeeded');
    expect(await succeed(runId, 'create-record', 'h2')).toMatchObject({ status: 'completed' });
  });

  it('stays completed when a correction changes nothing that a step uses', async () => {
    const { runId } = await openRun(database);
    for (const step of LEDGER_STEPS) await succeed(runId, step);
    const hashes = Object.fromEntries(LEDGER_STEPS.map((step) => [step, 'h1']));
    const replaced = await replaceOnboardingRow(database, { runId, row: { name: 'Three' }, hashes });
    expect(replaced).toMatchObject({ status: 'replaced', run: { status: 'completed', row: { name: 'Three' } } });
  });

  it('is not corrected while a step is at work', async () => {
    const { runId } = await openRun(database);
    await takeStep(database, runId);
    expect((await replaceOnboardingRow(database, { runId, row: { name: 'Two' }, hashes: {} })).status).toBe('busy');
  });

  it('has events whose ids become visible in order', async () => {
    const batch = `batch-${uuidv7()}`;
    const runs = await Promise.all(Array.from({ length: 8 }, () => openRun(database, { batch })));
    const seen: number[] = [];
    const watched = new AbortController();
    const watch = (async () => {
      while (!watched.signal.aborted) {
        const { rows } = await test.pool.query<{ id: string }>(
          'select id from onboarding_events where batch = $1 and id > $2 order by id',
          [batch, seen.at(-1) ?? 0],
        );
        seen.push(...rows.map(({ id }) => Number(id)));
      }
    })();
    await Promise.all(
      runs.map(async ({ runId }) => {
        for (const step of LEDGER_STEPS) await succeed(runId, step);
      }),
    );
    watched.abort();
    await watch;
    const { rows } = await test.pool.query<{ id: string }>(
      'select id from onboarding_events where batch = $1 order by id',
      [batch],
    );
    const all = rows.map(({ id }) => Number(id));
    // Opened, begun and succeeded three times, completed.
    expect(all).toHaveLength(8 * 8);
    expect(all.slice(0, seen.length)).toEqual(seen);
  });
});

describe('rolling back', () => {
  const order = LEDGER_STEPS;
  const undoNext = (runId: string) => beginOnboardingUndo(database, { runId, order, leaseSeconds: 30 });

  async function undoAll(runId: string): Promise<string[]> {
    const undone: string[] = [];
    for (;;) {
      const begun = await undoNext(runId);
      if (begun.status !== 'begun') return undone;
      undone.push(begun.step);
      await finish({ runId, fence: begun.fence, step: begun.step, status: 'undone' });
    }
  }

  it('undoes backwards what was begun, and ends the run', async () => {
    const { runId } = await openRun(database);
    await succeed(runId, 'create-record');
    const failing = await takeStep(database, runId, { step: 'create-sub-account' });
    await finish({ runId, fence: failing.fence, step: 'create-sub-account', status: 'failed', error: { reason: 'x' } });
    expect(await undoAll(runId)).toEqual(['create-sub-account', 'create-record']);
    const run = await findOnboardingRun(database, runId);
    expect(run?.status).toBe('rolled_back');
    expect(stepOf(run, 'apply-snapshot')?.status).toBe('pending');
    expect((await undoNext(runId)).status).toBe('replayed');
    expect((await beginStep(database, runId)).status).toBe('rolled_back');
  });

  it('goes on from a step whose undoing failed, and lets no step begin meanwhile', async () => {
    const { runId } = await openRun(database);
    await succeed(runId, 'create-record');
    const begun = await undoNext(runId);
    if (begun.status !== 'begun') throw new Error(begun.status);
    expect((await undoNext(runId)).status).toBe('busy');
    expect((await beginStep(database, runId, { step: 'create-sub-account' })).status).toBe('rolled_back');
    await finish({ runId, fence: begun.fence, step: begun.step, status: 'undo_failed', error: { reason: 'x' } });
    expect(await undoAll(runId)).toEqual(['create-record']);
  });

  it('ends with tasks when undoing left some to people', async () => {
    const { runId, rowKey } = await openRun(database);
    const created = await takeStep(database, runId);
    const task = { title: 'Connect', reason: 'Only a person can.', link: null };
    await finish({
      runId,
      fence: created.fence,
      step: 'create-record',
      status: 'succeeded',
      tasks: [{ kind: 'payments', ...task }],
    });
    const begun = await undoNext(runId);
    if (begun.status !== 'begun') throw new Error(begun.status);
    const location = { giveUpGeneration: true };
    await finish({
      runId,
      fence: begun.fence,
      step: begun.step,
      status: 'undone',
      location,
      tasks: [{ kind: 'delete', ...task }],
    });
    await undoNext(runId);
    const run = await findOnboardingRun(database, runId);
    expect(run).toMatchObject({ status: 'rolled_back_with_tasks', generation: 2 });
    expect(run?.tasks.map(({ kind, status }) => `${kind} ${status}`)).toEqual(['payments withdrawn', 'delete open']);
    const again = await openOnboardingRun(database, {
      runId: uuidv7(),
      batch: run?.batch ?? '',
      rowKey,
      row: { name: 'New' },
      steps: order,
    });
    expect(again).toMatchObject({ status: 'opened', run: { runId, status: 'open', row: { name: 'New' } } });
    expect((await takeStep(database, runId)).run.generation).toBe(2);
  });
});

describe('tasks', () => {
  it('are opened once for a sub-account, and stay done', async () => {
    const { runId, rowKey } = await openRun(database);
    const tasks = [
      {
        kind: 'calendar',
        title: 'Connect a calendar',
        reason: 'Consent is a person’s.',
        link: 'https://app.example/x',
      },
    ];
    for (let round = 0; round < 2; round++) {
      const { fence } = await takeStep(database, runId, { fieldsHash: `h${round}` });
      await finish({ runId, fence, step: 'create-record', status: 'succeeded', tasks });
    }
    const run = await findOnboardingRun(database, runId);
    expect(run?.tasks).toHaveLength(1);
    const [task] = run?.tasks ?? [];
    const done = await updateOnboardingTask(database, { taskId: task?.taskId ?? '', status: 'done', note: 'by Ann' });
    expect(done).toMatchObject({ status: 'done', note: 'by Ann' });
    const { fence } = await takeStep(database, runId, { fieldsHash: 'h3' });
    const after = await finish({ runId, fence, step: 'create-record', status: 'succeeded', tasks });
    expect(after.tasks).toMatchObject([{ status: 'done' }]);
    const listed = await listOnboardingTasks(database, { status: 'done', cursor: null, limit: 500 });
    expect(listed.items.filter((item) => item.rowKey === rowKey)).toHaveLength(1);
    const events = await listOnboardingEvents(database, { runId, after: 0, limit: 100 });
    expect(events.filter(({ kind }) => kind.startsWith('task_')).map(({ kind }) => kind)).toEqual([
      'task_opened',
      'task_done',
    ]);
    expect(await updateOnboardingTask(database, { taskId: uuidv7(), status: 'done', note: null })).toBeNull();
  });
});
