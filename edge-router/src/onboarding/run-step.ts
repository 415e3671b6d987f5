import { isUnavailable } from '../../../db/database.ts';
import { beginOnboardingStep } from '../../../db/queries/begin-onboarding-step.ts';
import { findOnboardingRun } from '../../../db/queries/find-onboarding-run.ts';
import { finishOnboardingStep } from '../../../db/queries/finish-onboarding-step.ts';
import type { OnboardingRunRow, OnboardingStepRow } from '../../../db/queries/onboarding-run-row.ts';
import { hashText } from '../http/hash.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { createStepContext, type Share } from './step-context.ts';
import type { OnboardingDeps } from './deps.ts';
import { readSettings } from './read-settings.ts';
import { onboardingRowSchema, type OnboardingRow } from './rules/onboarding-row.ts';
import type { OnboardingSettings } from './rules/onboarding-settings.ts';
import { fieldsOfStep, toCanonicalJson } from './rules/step-fields.ts';
import { stepNeeds, type StepName } from './rules/steps.ts';
import { answerStep, type StepAnswer } from './step-answer.ts';
import { LEASE_SECONDS, LeaseLost } from './step-ledger.ts';
import type { Failed, Step, StepOutcome } from './step.ts';
import { steps } from './steps/steps.ts';

const OVERTAKEN_RETRY_SECONDS = 5;

export interface RunStepRequest {
  readonly runId: string;
  readonly step: StepName;
  /** `interactive` where somebody waits for this step, `bulk` for batches. */
  readonly share: Share;
  /** Does it although it succeeded before on the same fields: to repair what somebody changed since. */
  readonly again?: boolean;
}

/**
 * Does one step of a run, or goes on with it; safe to ask at any time and any number of times. What happened is in the
 * ledger before this answers.
 * @returns the step done, replayed or waiting; `step_failed` and `step_interrupted` say whether asking again may help;
 *   `step_blocked` names what has to be done first
 */
export async function runStep(deps: OnboardingDeps, request: RunStepRequest): Promise<Result<StepAnswer, ApiError>> {
  const { runId, step: name } = request;
  const [found, settings] = await Promise.all([findOnboardingRun(deps.database, runId), readSettings(deps)]);
  if (!found) return err({ kind: 'not_found', what: 'onboarding run' });
  if (!settings.ok) return settings;
  const row = onboardingRowSchema.parse(found.row);
  const fieldsHash = hashFields(name, row, settings.value);
  const needs = stepNeeds[name];
  const begun = await beginOnboardingStep(deps.database, {
    runId,
    step: name,
    fieldsHash,
    needs,
    leaseSeconds: LEASE_SECONDS,
    again: request.again ?? false,
  });
  switch (begun.status) {
    case 'begun':
      return performStep(deps, {
        ...request,
        fence: begun.fence,
        run: begun.run,
        effects: begun.effects,
        settings: settings.value,
      });
    case 'replayed':
      return ok(answerStep(begun.run, findStep(begun.run, name), { status: 'succeeded', replayed: true }));
    case 'busy': {
      const { retryAfterSeconds, step } = begun;
      const detail = `Somebody else works on this location (${step ?? name}).`;
      return ok(
        answerStep(found, findStep(found, name), { status: 'running', replayed: false, retryAfterSeconds, detail }),
      );
    }
    case 'blocked':
      return err({ kind: 'step_blocked', runId, step: name, missing: begun.missing });
    case 'taken':
      return err({ kind: 'run_conflict', detail: 'Another run of this location is open.', runId: null });
    case 'rolled_back':
      return err({
        kind: 'run_conflict',
        detail: 'This run was rolled back, or is being so. Open it again with POST /v1/onboarding/runs.',
        runId,
      });
    case 'not_found':
      return err({ kind: 'not_found', what: 'onboarding run' });
  }
}

/** Of all that a step uses: the same hash, the same result. */
export function hashFields(step: StepName, row: OnboardingRow, settings: OnboardingSettings): string {
  return hashText(toCanonicalJson(fieldsOfStep(step, row, settings)));
}

function findStep(run: OnboardingRunRow, name: string): OnboardingStepRow {
  const step = run.steps.find((candidate) => candidate.step === name);
  if (!step) throw new Error(`run ${run.runId} has no step ${name}`);
  return step;
}

type Begun = Parameters<typeof createStepContext>[1];

async function performStep(deps: OnboardingDeps, begun: Begun): Promise<Result<StepAnswer, ApiError>> {
  const { run, step: name } = begun;
  const step = steps[name];
  try {
    const outcome = await runGuarded(deps, begun, step);
    const finished = await finishOnboardingStep(deps.database, {
      runId: run.runId,
      fence: begun.fence,
      step: name,
      ...describeOutcome(outcome),
    });
    if (finished.status === 'fenced') throw new LeaseLost();
    if (step.changesDirectory && outcome.kind === 'succeeded') await deps.refreshDirectory();
    return answerOutcome(finished.run, name, outcome);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    deps.log({ event: 'onboarding_step_overtaken', runId: run.runId, step: name, fence: begun.fence });
    const detail = 'Somebody else took this step over.';
    const told = { status: 'running', replayed: false, detail, retryAfterSeconds: OVERTAKEN_RETRY_SECONDS } as const;
    return ok(answerStep(run, findStep(run, name), told));
  }
}

/** A bug in a step is a failure of the step, so that its lease is given back; without Postgres the lease ends by itself. */
async function runGuarded(deps: OnboardingDeps, begun: Begun, step: Step): Promise<StepOutcome> {
  const context = createStepContext(deps, begun);
  if (!context.ok) return context.error;
  try {
    return await step.run(context.value);
  } catch (error) {
    if (error instanceof LeaseLost || isUnavailable(error)) throw error;
    deps.log({ event: 'onboarding_step_crashed', runId: begun.run.runId, step: step.name, error });
    return crashed;
  }
}

export const crashed: Failed = {
  kind: 'failed',
  reason: 'internal',
  detail: 'Something failed here.',
  action: 'The log has the reason under the run’s id. Running the step again is safe.',
  isRetryable: true,
  retryAfterSeconds: 30,
};

function describeOutcome(outcome: StepOutcome) {
  switch (outcome.kind) {
    case 'succeeded': {
      const { kind: _, ...rest } = outcome;
      return { status: 'succeeded', ...rest } as const;
    }
    case 'waiting': {
      const { waitsFor, detail, progress, retryAfterSeconds } = outcome;
      return {
        status: 'waiting',
        output: { waitsFor, detail, ...progress },
        retryAfterSeconds,
        event: { waitsFor },
      } as const;
    }
    case 'failed': {
      const { tasks = [], retryAfterSeconds } = outcome;
      const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
      // What may pass by itself is no news for people.
      const news = outcome.isRetryable ? {} : { topic: 'step.failed' };
      const event = { reason: outcome.reason };
      return { status: 'failed', error: describeFailure(outcome), tasks, ...retry, ...news, event } as const;
    }
  }
}

/** A failure as the ledger keeps it and the API shows it. */
export function describeFailure({ reason, detail, action, isRetryable, findings }: Failed) {
  return { reason, detail, action, retryable: isRetryable, ...(findings ? { findings } : {}) };
}

function answerOutcome(run: OnboardingRunRow, name: StepName, outcome: StepOutcome): Result<StepAnswer, ApiError> {
  const step = findStep(run, name);
  switch (outcome.kind) {
    case 'succeeded':
      return ok(answerStep(run, step, { status: 'succeeded', replayed: false }));
    case 'waiting': {
      const { waitsFor, detail, retryAfterSeconds } = outcome;
      return ok(answerStep(run, step, { status: 'waiting', replayed: false, waitsFor, detail, retryAfterSeconds }));
    }
    case 'failed':
      return err(toApiError(run.runId, name, outcome));
  }
}

/** The problem that a failed step or a failed undoing is answered with. */
export function toApiError(runId: string, step: string, failed: Failed): ApiError {
  const told = { runId, step, ...describeFailure(failed) };
  return failed.isRetryable
    ? { kind: 'step_interrupted', ...told, retryAfterSeconds: failed.retryAfterSeconds ?? OVERTAKEN_RETRY_SECONDS }
    : { kind: 'step_failed', ...told };
}
