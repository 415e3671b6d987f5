import { openOnboardingRun } from '../../../db/queries/open-onboarding-run.ts';
import type { OnboardingRunRow } from '../../../db/queries/onboarding-run-row.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { OnboardingDeps } from './deps.ts';
import type { OnboardingRow } from './rules/onboarding-row.ts';
import { takeOwnWorkAsKnown } from './rules/known-row.ts';
import { toCanonicalJson } from './rules/step-fields.ts';
import { stepNames } from './rules/steps.ts';

export interface OpenRunRequest {
  /** A name that the caller chooses. */
  readonly batch: string;
  readonly row: OnboardingRow;
}

/**
 * Opens a run for a row, or finds the one that batch and row key already have.
 * @returns `run_conflict` when another run of the location is open, or when this one has another row
 */
export async function openRun(
  deps: Pick<OnboardingDeps, 'database' | 'newId'>,
  { batch, row }: OpenRunRequest,
): Promise<Result<{ readonly run: OnboardingRunRow; readonly isNew: boolean }, ApiError>> {
  const opened = await openOnboardingRun(deps.database, {
    runId: deps.newId(),
    batch,
    rowKey: row.rowKey,
    row,
    steps: stepNames,
  });
  if (opened.status === 'taken') {
    const detail = `The run ${opened.runId} of batch ${JSON.stringify(opened.batch)} is open for this location: finish it or roll it back.`;
    return err({ kind: 'run_conflict', detail, runId: opened.runId });
  }
  const { run } = opened;
  if (opened.status === 'opened') return ok({ run, isNew: true });
  if (isSameRow(run.row, takeOwnWorkAsKnown(row, run))) return ok({ run, isNew: false });
  const detail =
    'This batch has a run for this location with another row: correct it with PUT /v1/onboarding/runs/{runId}/row.';
  return err({ kind: 'run_conflict', detail, runId: run.runId });
}

function isSameRow(stored: Readonly<Record<string, unknown>>, row: OnboardingRow): boolean {
  type Json = Parameters<typeof toCanonicalJson>[0];
  return toCanonicalJson(stored as Json) === toCanonicalJson(row);
}
