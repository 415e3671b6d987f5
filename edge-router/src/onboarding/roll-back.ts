import { isUnavailable } from '../../../db/database.ts';
import { beginOnboardingUndo } from '../../../db/queries/begin-onboarding-undo.ts';
import { findOnboardingRun } from '../../../db/queries/find-onboarding-run.ts';
import { finishOnboardingStep } from '../../../db/queries/finish-onboarding-step.ts';
import type { OnboardingRunRow } from '../../../db/queries/onboarding-run-row.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { OnboardingDeps } from './deps.ts';
import { readSettings } from './read-settings.ts';
import { isStepName, stepNames } from './rules/steps.ts';
import { crashed, describeFailure, toApiError } from './run-step.ts';
import { createStepContext, type BegunStep, type Share } from './step-context.ts';
import { LEASE_SECONDS, LeaseLost } from './step-ledger.ts';
import type { Failed, UndoOutcome } from './step.ts';
import { steps } from './steps/steps.ts';

/** A roll back undoes each step once; one that goes on longer is asked again. */
const MAX_UNDOINGS = stepNames.length + 1;
const OVERTAKEN_RETRY_SECONDS = 5;

export interface RollBackAnswer {
  /** `rolling_back`: come back. */
  readonly status: 'rolling_back' | 'rolled_back' | 'rolled_back_with_tasks';
  readonly replayed: boolean;
  readonly run: OnboardingRunRow;
  readonly detail: string | null;
  readonly retryAfterSeconds: number | null;
}

/**
 * Undoes what a run did, last step first, as far as it can be undone, or goes on with it. Safe to ask any number of times;
 * no step of the run begins meanwhile.
 * @returns `step_failed` or `step_interrupted` of the step that could not be undone
 */
export async function rollBack(
  deps: OnboardingDeps,
  { runId, share }: { readonly runId: string; readonly share: Share },
): Promise<Result<RollBackAnswer, ApiError>> {
  const settings = await readSettings(deps);
  if (!settings.ok) return settings;
  for (let undoings = 0; undoings < MAX_UNDOINGS; undoings++) {
    const begun = await beginOnboardingUndo(deps.database, { runId, order: stepNames, leaseSeconds: LEASE_SECONDS });
    switch (begun.status) {
      case 'not_found':
        return err({ kind: 'not_found', what: 'onboarding run' });
      case 'taken':
        return err({
          kind: 'run_conflict',
          detail: 'Another run of this location is open: roll that back first.',
          runId: null,
        });
      case 'replayed':
      case 'finished':
        return ok(answer(begun.run, { replayed: begun.status === 'replayed' }));
      case 'busy':
        return comeBack(deps, runId, {
          retryAfterSeconds: begun.retryAfterSeconds,
          detail: 'A step is at work on this location.',
        });
      case 'begun': {
        const { step, fence, run, effects } = begun;
        if (!isStepName(step)) throw new Error(`there is no step ${step}`);
        const stopped = await undoStep(deps, { step, share, fence, run, effects, settings: settings.value });
        if (stopped) return stopped;
      }
    }
  }
  return comeBack(deps, runId, { retryAfterSeconds: 1, detail: 'There is more to undo.' });
}

function answer(
  run: OnboardingRunRow,
  { replayed = false, detail = null, retryAfterSeconds = null }: Partial<Omit<RollBackAnswer, 'run' | 'status'>>,
): RollBackAnswer {
  const { status } = run;
  const isOver = status === 'rolled_back' || status === 'rolled_back_with_tasks';
  return { status: isOver ? status : 'rolling_back', replayed, run, detail, retryAfterSeconds };
}

async function comeBack(
  deps: OnboardingDeps,
  runId: string,
  told: { retryAfterSeconds: number; detail: string },
): Promise<Result<RollBackAnswer, ApiError>> {
  const run = await findOnboardingRun(deps.database, runId);
  return run ? ok(answer(run, told)) : err({ kind: 'not_found', what: 'onboarding run' });
}

/** Undoes one step; null when the next one may follow, else what to answer. */
async function undoStep(deps: OnboardingDeps, begun: BegunStep): Promise<Result<RollBackAnswer, ApiError> | null> {
  const { run, step, fence } = begun;
  try {
    const outcome = await undoGuarded(deps, begun);
    const finished = await finishOnboardingStep(deps.database, {
      runId: run.runId,
      fence,
      step,
      ...describeUndoing(outcome),
    });
    if (finished.status === 'fenced') throw new LeaseLost();
    if (outcome.kind === 'failed') return err(toApiError(run.runId, step, outcome));
    if (outcome.kind === 'waiting') {
      const { detail, retryAfterSeconds } = outcome;
      return ok(answer(finished.run, { detail, retryAfterSeconds }));
    }
    if (steps[step].changesDirectory) await deps.refreshDirectory();
    return null;
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    deps.log({ event: 'onboarding_step_overtaken', runId: run.runId, step, fence });
    const told = { detail: 'Somebody else took this over.', retryAfterSeconds: OVERTAKEN_RETRY_SECONDS };
    return comeBack(deps, run.runId, told);
  }
}

async function undoGuarded(deps: OnboardingDeps, begun: BegunStep): Promise<UndoOutcome> {
  const context = createStepContext(deps, begun);
  if (!context.ok) return context.error;
  try {
    return await steps[begun.step].undo(context.value);
  } catch (error) {
    if (error instanceof LeaseLost || isUnavailable(error)) throw error;
    deps.log({ event: 'onboarding_step_crashed', runId: begun.run.runId, step: begun.step, error });
    return crashed;
  }
}

function describeUndoing(outcome: UndoOutcome) {
  switch (outcome.kind) {
    case 'undone': {
      const { kind: _, ...rest } = outcome;
      return { status: 'undone', ...rest } as const;
    }
    case 'waiting': {
      const { waitsFor, retryAfterSeconds } = outcome;
      return { status: 'undo_waiting', retryAfterSeconds, event: { waitsFor } } as const;
    }
    case 'failed':
      return { status: 'undo_failed', ...describeFailedUndoing(outcome) } as const;
  }
}

function describeFailedUndoing(failed: Failed) {
  const { tasks = [], retryAfterSeconds, reason } = failed;
  const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { error: describeFailure(failed), tasks, ...retry, event: { reason } };
}
