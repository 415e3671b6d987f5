import type { OnboardingEffectRow, OnboardingRunRow } from '../../../db/queries/onboarding-run-row.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { OnboardingDeps } from './deps.ts';
import { scaleSeconds } from './patience.ts';
import { onboardingRowSchema } from './rules/onboarding-row.ts';
import type { OnboardingSettings } from './rules/onboarding-settings.ts';
import type { StepName } from './rules/steps.ts';
import { createStepLedger, SEARCH_LAG_SECONDS, WRITE_WAIT_MS } from './step-ledger.ts';
import type { Callers, Failed, StepContext } from './step.ts';

export type Share = 'interactive' | 'bulk';

export interface BegunStep {
  readonly step: StepName;
  readonly share: Share;
  readonly fence: number;
  readonly run: OnboardingRunRow;
  readonly effects: readonly OnboardingEffectRow[];
  readonly settings: OnboardingSettings;
}

/** All that a step works with, from the lease it was begun with. */
export function createStepContext(deps: OnboardingDeps, begun: BegunStep): Result<StepContext, Failed> {
  const { run, settings, step, fence, effects, share } = begun;
  const highlevel = createCallers(deps, { share, row: run.runId });
  if (!highlevel.ok) return highlevel;
  const ledger = createStepLedger(
    { ...deps, searchLagSeconds: scaleSeconds(deps, SEARCH_LAG_SECONDS) },
    { runId: run.runId, step, fence, generation: run.generation, ghlLocationId: run.ghlLocationId, effects },
  );
  const row = onboardingRowSchema.parse(run.row);
  return ok({ deps, highlevel: highlevel.value, run, row, settings, ledger });
}

/** HighLevel in the name of one row (a run's id, a report's), which takes turns with the others. */
export function createCallers(
  deps: OnboardingDeps,
  lane: { readonly share: Share; readonly row: string },
): Result<Callers, Failed> {
  if (!deps.highlevel) return err(notConfigured);
  return ok({
    reader: deps.highlevel.callerFor(lane),
    writer: deps.highlevel.callerFor({ ...lane, maxWaitMs: WRITE_WAIT_MS }),
  });
}

const notConfigured: Failed = {
  kind: 'failed',
  reason: 'highlevel_not_configured',
  detail: 'This router has no HighLevel account.',
  action: 'Set the HIGHLEVEL_ settings of the Worker, then run the step again.',
  isRetryable: false,
};
