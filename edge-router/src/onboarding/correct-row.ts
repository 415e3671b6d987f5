import { findOnboardingRun } from '../../../db/queries/find-onboarding-run.ts';
import type { OnboardingRunRow } from '../../../db/queries/onboarding-run-row.ts';
import { replaceOnboardingRow } from '../../../db/queries/replace-onboarding-row.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { OnboardingDeps } from './deps.ts';
import { readSettings } from './read-settings.ts';
import type { OnboardingRow } from './rules/onboarding-row.ts';
import { takeOwnWorkAsKnown } from './rules/known-row.ts';
import { stepNames } from './rules/steps.ts';
import { hashFields } from './run-step.ts';

/**
 * Gives a run another row of the same location; the steps that it concerns are to be done again.
 * @returns `invalid_input` for a row of another location; `run_conflict` while a step is at work, after a roll back, or when
 *   another run of the location is open
 */
export async function correctRow(
  deps: Pick<OnboardingDeps, 'database'>,
  { runId, row: given }: { readonly runId: string; readonly row: OnboardingRow },
): Promise<Result<OnboardingRunRow, ApiError>> {
  const notFound = err({ kind: 'not_found', what: 'onboarding run' } as const);
  const [found, settings] = await Promise.all([findOnboardingRun(deps.database, runId), readSettings(deps)]);
  if (!found) return notFound;
  if (!settings.ok) return settings;
  const row = takeOwnWorkAsKnown(given, found);
  if (row.rowKey !== found.rowKey) {
    const message = `This row is of another location (${row.rowKey}): open a run of its own for it.`;
    return err(invalidInput([{ field: 'row', code: 'other_location', message }]));
  }
  const hashes = stepNames.map((step) => [step, hashFields(step, row, settings.value)] as const);
  const replaced = await replaceOnboardingRow(deps.database, { runId, row, hashes: Object.fromEntries(hashes) });
  switch (replaced.status) {
    case 'replaced':
      return ok(replaced.run);
    case 'not_found':
      return notFound;
    case 'busy':
      return err({
        kind: 'run_conflict',
        detail: `A step is at work; correct the row in ${replaced.retryAfterSeconds} s at the latest.`,
        runId,
      });
    case 'taken':
      return err({ kind: 'run_conflict', detail: 'Another run of this location is open.', runId: null });
    case 'rolled_back':
      return err({
        kind: 'run_conflict',
        detail: 'This run was rolled back: open it again with POST /v1/onboarding/runs.',
        runId,
      });
  }
}
