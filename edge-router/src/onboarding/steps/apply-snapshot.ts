import { updateLocation } from '../../highlevel/calls/locations.ts';
import { getSnapshotStatus } from '../../highlevel/calls/snapshots.ts';
import type { HighlevelError } from '../../highlevel/rules/failure.ts';
import { err, ok, type Result } from '../../rules/result.ts';
import { failForHighlevel } from '../highlevel-failure.ts';
import { scaleSeconds } from '../patience.ts';
import { judgePush, type PushState } from '../rules/snapshot-push.ts';
import { readPushBoard } from '../snapshot-board.ts';
import type { CheckContext, Failed, Step, StepContext, StepOutcome, Waiting } from '../step.ts';
import { findEffects, ghlLocationIdOf } from '../step-facts.ts';
import { loadSnapshotTask } from '../tasks.ts';

const PUSH = 'push-snapshot';

/** Loads take a minute at least and about ten for a hundred locations. */
const POLL_SECONDS = [20, 20, 30, 45, 60] as const;
const DEADLINE_SECONDS = 45 * 60;
/** About twenty minutes: a queue of two hundred. */
const LONG_POLLS = 20;

/**
 * Waits for the snapshot that came with the sub-account's creation, or pushes it into one that was there before: once, for a
 * second push duplicates what the first one brought, and nothing takes a snapshot back.
 */
export const applySnapshot: Step = {
  name: 'apply-snapshot',
  changesDirectory: false,

  async run(context) {
    const pushed = await findOrPush(context);
    if (!pushed.ok) return pushed.error;
    const state = await readState(context);
    if (!state.ok) return failForHighlevel(state.error, 'asking how far the snapshot is');
    return judge(context, state.value, pushed.value);
  },

  async check(context) {
    const { settings } = context;
    const push = await readPush(context);
    if (!push.ok) return push;
    const isDone = push.value.kind === 'done';
    const detail = isDone ? 'The snapshot has been loaded.' : `The snapshot is ${push.value.kind}.`;
    return ok([{ check: 'snapshot', name: settings.snapshotId, status: isDone ? 'ok' : 'missing', detail }]);
  },

  /** A snapshot cannot be taken back; what it brought goes with the sub-account. */
  undo: () => Promise.resolve({ kind: 'undone' }),
};

interface Pushed {
  readonly ageSeconds: number;
}

/** The push that was sent before, with whatever outcome, or the one sent now. */
async function findOrPush(context: StepContext): Promise<Result<Pushed, StepOutcome>> {
  const { highlevel, ledger, run, settings } = context;
  const ghlLocationId = ghlLocationIdOf(run);
  const sent = [...findEffects(context, 'create-sub-account'), ...findEffects(context, PUSH)].filter(
    ({ intent, outcome }) => intent['snapshotId'] === settings.snapshotId && outcome !== 'not_done',
  );
  const [latest] = sent.slice(-1);
  if (latest) return ok({ ageSeconds: latest.ageSeconds });
  const state = await readPush({ ...context, ghlLocationId });
  if (!state.ok) return err(failForHighlevel(state.error, 'asking whether the snapshot was pushed before'));
  if (state.value.kind !== 'unknown') return ok({ ageSeconds: 0 });
  const pushed = await ledger.perform({
    effect: PUSH,
    intent: { snapshotId: settings.snapshotId, ghlLocationId },
    call: () =>
      updateLocation(highlevel.writer, ghlLocationId, {
        name: context.row.name,
        snapshot: { id: settings.snapshotId, override: false },
      }),
  });
  // Of unknown outcome it is waited for as if it had been done: it is never sent again.
  if (pushed.ok || pushed.error.kind === 'unknown_outcome' || pushed.error.kind === 'unexpected_answer') {
    return ok({ ageSeconds: 0 });
  }
  return err(failForHighlevel(pushed.error, 'pushing the snapshot'));
}

/** From the list, which one call brings for all that wait; what looks done there is asked for by itself. */
async function readState(context: StepContext): Promise<Result<PushState, HighlevelError>> {
  const ghlLocationId = ghlLocationIdOf(context.run);
  const board = await readPushBoard(context, context.settings.snapshotId);
  if (!board.ok) return board;
  const listed = judgePush({ status: board.value.get(ghlLocationId) ?? null, completed: null, pending: null });
  const polls = context.run.steps.find(({ step }) => step === 'apply-snapshot')?.polls ?? 0;
  // A word that we do not know may mean that it is done: what waits for long is looked at closely, now and then.
  const isOld = polls >= LONG_POLLS && polls % 10 === LONG_POLLS % 10;
  return listed.kind === 'done' || listed.kind === 'failed' || isOld
    ? readPush({ ...context, ghlLocationId })
    : ok(listed);
}

async function readPush({
  highlevel,
  settings,
  ghlLocationId,
}: Pick<CheckContext, 'highlevel' | 'settings' | 'ghlLocationId'>): Promise<Result<PushState, HighlevelError>> {
  const found = await getSnapshotStatus(highlevel.reader, { snapshotId: settings.snapshotId, ghlLocationId });
  if (found.ok) return ok(judgePush(found.value));
  // What they answer while there is no push yet is documented nowhere.
  if (found.error.kind === 'not_found' || found.error.kind === 'invalid') return ok({ kind: 'unknown' });
  return found;
}

function judge(context: StepContext, state: PushState, { ageSeconds }: Pushed): StepOutcome {
  const { deps, run, settings } = context;
  const { snapshotId } = settings;
  const task = loadSnapshotTask(ghlLocationIdOf(run));
  switch (state.kind) {
    case 'done':
      return { kind: 'succeeded', output: { snapshotId, completed: state.completed }, tasksDone: [task.kind] };
    case 'failed':
      return {
        ...failed(context),
        reason: 'snapshot_failed',
        detail: 'HighLevel says that loading the snapshot failed.',
      };
    case 'unknown':
    case 'loading': {
      if (ageSeconds > scaleSeconds(deps, DEADLINE_SECONDS)) {
        const minutes = Math.round(ageSeconds / 60);
        const detail = `The snapshot is still not loaded ${minutes} minutes after it was pushed.`;
        return { ...failed(context), reason: 'snapshot_overdue', detail };
      }
      return waitForPush(context, state);
    }
  }
}

function waitForPush({ deps, run }: StepContext, state: Extract<PushState, { kind: 'unknown' | 'loading' }>): Waiting {
  const polls = run.steps.find(({ step }) => step === 'apply-snapshot')?.polls ?? 0;
  const seconds = POLL_SECONDS[Math.min(polls, POLL_SECONDS.length - 1)] ?? 60;
  return {
    kind: 'waiting',
    waitsFor: 'snapshot',
    detail: state.kind === 'loading' ? 'The snapshot is loading.' : 'The snapshot has not begun to load.',
    retryAfterSeconds: scaleSeconds(deps, seconds),
    progress: state.kind === 'loading' ? { completed: state.completed, pending: state.pending } : {},
  };
}

function failed({ run }: StepContext): Omit<Failed, 'reason' | 'detail'> {
  return {
    kind: 'failed',
    action:
      'Look in HighLevel’s snapshot history what is missing and load it there; then run the step again. It is never pushed twice.',
    isRetryable: false,
    tasks: [loadSnapshotTask(ghlLocationIdOf(run))],
  };
}
