import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../local/testing/test-database.ts';
import { createDatabase, type Database } from '../database.ts';
import {
  beginStep,
  finishStep,
  LEDGER_STEPS,
  newRowKey,
  openRun,
  stepOf,
  succeedStep,
  takeStep,
} from '../testing/onboarding-ledger.ts';
import { beginOnboardingUndo } from './begin-onboarding-undo.ts';
import { findOnboardingRun } from './find-onboarding-run.ts';
import { listOnboardingEvents } from './list-onboarding-events.ts';
import { listOnboardingTasks } from './list-onboarding-tasks.ts';
import { openOnboardingRun } from './open-onboarding-run.ts';
import { replaceOnboardingRow } from './replace-onboarding-row.ts';
import { updateOnboardingTask } from './update-onboarding-task.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = createDatabase({ url: test.url, fetchEndpoint: test.endpoint, timeoutMs: 10_000 });
});

afterAll(() => test.drop());

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
    for (const step of LEDGER_STEPS) await succeedStep(database, runId, step);
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

describe('a run', () => {
  it('is completed by its last step, and open again when its row is corrected', async () => {
    const { runId } = await openRun(database);
    let run = await findOnboardingRun(database, runId);
    for (const step of LEDGER_STEPS) {
      expect(run?.status).toBe('open');
      run = await succeedStep(database, runId, step);
    }
    expect(run?.status).toBe('completed');
    const hashes = { 'create-record': 'h2', 'create-sub-account': 'h1', 'apply-snapshot': 'h1' };
    const replaced = await replaceOnboardingRow(database, { runId, row: { name: 'Two' }, hashes });
    if (replaced.status !== 'replaced') throw new Error(replaced.status);
    expect(replaced.run).toMatchObject({ status: 'open', row: { name: 'Two' } });
    expect(stepOf(replaced.run, 'create-record')?.status).toBe('pending');
    expect(stepOf(replaced.run, 'apply-snapshot')?.status).toBe('succeeded');
    expect(await succeedStep(database, runId, 'create-record', 'h2')).toMatchObject({ status: 'completed' });
  });

  it('stays completed when a correction changes nothing that a step uses', async () => {
    const { runId } = await openRun(database);
    for (const step of LEDGER_STEPS) await succeedStep(database, runId, step);
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
        for (const step of LEDGER_STEPS) await succeedStep(database, runId, step);
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
      await finishStep(database, { runId, fence: begun.fence, step: begun.step, status: 'undone' });
    }
  }

  it('undoes backwards what was begun, and ends the run', async () => {
    const { runId } = await openRun(database);
    await succeedStep(database, runId, 'create-record');
    const failing = await takeStep(database, runId, { step: 'create-sub-account' });
    await finishStep(database, {
      runId,
      fence: failing.fence,
      step: 'create-sub-account',
      status: 'failed',
      error: { reason: 'x' },
    });
    expect(await undoAll(runId)).toEqual(['create-sub-account', 'create-record']);
    const run = await findOnboardingRun(database, runId);
    expect(run?.status).toBe('rolled_back');
    expect(stepOf(run, 'apply-snapshot')?.status).toBe('pending');
    expect((await undoNext(runId)).status).toBe('replayed');
    expect((await beginStep(database, runId)).status).toBe('rolled_back');
  });

  it('goes on from a step whose undoing failed, and lets no step begin meanwhile', async () => {
    const { runId } = await openRun(database);
    await succeedStep(database, runId, 'create-record');
    const begun = await undoNext(runId);
    if (begun.status !== 'begun') throw new Error(begun.status);
    expect((await undoNext(runId)).status).toBe('busy');
    expect((await beginStep(database, runId, { step: 'create-sub-account' })).status).toBe('rolled_back');
    await finishStep(database, {
      runId,
      fence: begun.fence,
      step: begun.step,
      status: 'undo_failed',
      error: { reason: 'x' },
    });
    expect(await undoAll(runId)).toEqual(['create-record']);
  });

  it('ends with tasks when undoing left some to people', async () => {
    const { runId, rowKey } = await openRun(database);
    const created = await takeStep(database, runId);
    const task = { title: 'Connect', reason: 'Only a person can.', link: null };
    await finishStep(database, {
      runId,
      fence: created.fence,
      step: 'create-record',
      status: 'succeeded',
      tasks: [{ kind: 'payments', ...task }],
    });
    const begun = await undoNext(runId);
    if (begun.status !== 'begun') throw new Error(begun.status);
    const location = { giveUpGeneration: true };
    await finishStep(database, {
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
      await finishStep(database, { runId, fence, step: 'create-record', status: 'succeeded', tasks });
    }
    const run = await findOnboardingRun(database, runId);
    expect(run?.tasks).toHaveLength(1);
    const [task] = run?.tasks ?? [];
    const done = await updateOnboardingTask(database, { taskId: task?.taskId ?? '', status: 'done', note: 'by Ann' });
    expect(done).toMatchObject({ status: 'done', note: 'by Ann' });
    const { fence } = await takeStep(database, runId, { fieldsHash: 'h3' });
    const after = await finishStep(database, { runId, fence, step: 'create-record', status: 'succeeded', tasks });
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
