import { createOnboardingBatch } from '../../../db/queries/create-onboarding-batch.ts';
import { claimOnboardingRows } from '../../../db/queries/claim-onboarding-rows.ts';
import { findPlan } from '../../../db/queries/find-plan.ts';
import { checkBulkRun } from '../highlevel/check-bulk-run.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { BatchDeps } from './onboard-row.ts';
import { readSettings } from './read-settings.ts';
import { sendClaimed } from './row-messages.ts';
import { showBatch, type ShownBatch } from './shown-batch.ts';
import { slotRules } from './slot-rules.ts';

export interface CreateBatchRequest {
  readonly planId: string;
  readonly name: string | null;
  readonly onFailure: 'keep' | 'roll_back';
}

/**
 * Brings on all rows of a plan that are to be created or updated. The same plan again is the same batch. Stored before it
 * answers; QStash is told of the first rows, and where it cannot be, the minute's Cron begins.
 * @returns `conflict` when the plan has rows in its way, settings are missing, or HighLevel is not ready for many at once
 */
export async function createBatch(
  deps: BatchDeps,
  { planId, name, onFailure }: CreateBatchRequest,
): Promise<Result<{ readonly batch: ShownBatch; readonly isNew: boolean }, ApiError>> {
  const [plan, settings, ready] = await Promise.all([
    findPlan(deps.database, planId),
    readSettings(deps),
    checkBulkRun(deps, deps.highlevel),
  ]);
  if (!plan) return err({ kind: 'not_found', what: 'plan' });
  if (!plan.runnable) return err(notRunnable);
  if (!settings.ok) return settings;
  if (!ready.ok) return ready;
  const made = await createOnboardingBatch(deps.database, {
    batchId: deps.newId(),
    planId,
    name: name ?? `Plan of ${plan.createdAt.slice(0, 16).replace('T', ' ')}`,
    onFailure,
  });
  await sendClaimed(deps, await claimOnboardingRows(deps.database, slotRules(deps)));
  return ok({ batch: showBatch(made.batch), isNew: made.status === 'created' });
}

const notRunnable: ApiError = {
  kind: 'conflict',
  detail:
    'This plan cannot be brought on: it has nothing to do, or invalid rows are in its way. Correct them (errors.csv of the plan), or plan the file again with onInvalid=skip.',
};
