import * as z from 'zod';
import { onboardingBatchRowSchema, type OnboardingBatchRow } from '../../../db/queries/onboarding-batch-row.ts';
import { stepNames } from './rules/steps.ts';

const count = z.int();

/** A batch as the API shows it. */
export const shownBatchSchema = onboardingBatchRowSchema.omit({ rows: true }).extend({
  total: count,
  counts: z
    .object({
      queued: count.describe('wait for a slot'),
      active: count.describe('call HighLevel now'),
      waiting: count.describe('for their snapshot, for the app, for another try'),
      succeeded: count,
      failed: count,
      cancelled: count,
      rolledBack: count,
      rolledBackWithTasks: count.describe('something is left that only a person can take away'),
    })
    .describe('rows'),
  steps: z.array(z.object({ step: z.enum(stepNames), done: count })).describe('rows that have done each step'),
  waitsFor: z.record(z.string(), count).describe('what waiting rows wait for'),
});

export type ShownBatch = z.output<typeof shownBatchSchema>;

export function showBatch({ rows, ...batch }: OnboardingBatchRow): ShownBatch {
  const sum = (wanted: (row: OnboardingBatchRow['rows'][number]) => boolean): number =>
    rows.reduce((total, row) => total + (wanted(row) ? row.count : 0), 0);
  const inStatus = (status: string): number => sum((row) => row.status === status);
  const waiting = rows.filter(({ status }) => status === 'waiting');
  const reasons = [...new Set(waiting.map(({ waitsFor }) => waitsFor ?? 'its turn'))];
  return {
    ...batch,
    total: sum(() => true),
    counts: {
      queued: inStatus('queued'),
      active: inStatus('active'),
      waiting: inStatus('waiting'),
      succeeded: inStatus('succeeded'),
      failed: inStatus('failed'),
      cancelled: inStatus('cancelled'),
      rolledBack: inStatus('rolled_back'),
      rolledBackWithTasks: inStatus('rolled_back_with_tasks'),
    },
    steps: stepNames.map((step, index) => ({ step, done: sum(({ stepsDone }) => stepsDone > index) })),
    waitsFor: Object.fromEntries(
      reasons.map((reason) => [
        reason,
        waiting.reduce((total, row) => total + ((row.waitsFor ?? 'its turn') === reason ? row.count : 0), 0),
      ]),
    ),
  };
}
