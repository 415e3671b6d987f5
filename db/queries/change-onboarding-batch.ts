import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { status } from './onboarding-run-row.ts';
import { onboardingBatchRowSchema, turnSchema, type SlotRules } from './onboarding-batch-row.ts';

export type BatchChange =
  | { readonly action: 'pause' | 'resume' | 'cancel' }
  /** Rows by their number; all that failed or were cancelled where it is left out. */
  | { readonly action: 'retry'; readonly rows?: readonly number[] }
  | { readonly action: 'roll_back'; readonly which: 'unfinished' | 'all' };

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('changed'), batch: onboardingBatchRowSchema, claimed: z.array(turnSchema) }),
  z.object({ status: z.literal('refused'), batch: onboardingBatchRowSchema }),
  status('not_found'),
]);

/** Changes what is to become of a batch. `refused` where there is nothing that it would change. */
export function changeOnboardingBatch(
  database: Database,
  request: BatchChange & SlotRules & { readonly batchId: string },
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'change_onboarding_batch', { request, answer: answerSchema });
}
