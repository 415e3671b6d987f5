import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { onboardingBatchRowSchema } from './onboarding-batch-row.ts';

export interface CreateOnboardingBatchRequest {
  /** Of the batch, if it is a new one. */
  readonly batchId: string;
  readonly planId: string;
  readonly name: string;
  readonly onFailure: 'keep' | 'roll_back';
}

const answerSchema = z.object({ status: z.enum(['created', 'same']), batch: onboardingBatchRowSchema });

/** Makes a batch of a plan's rows that are to be created or updated, or answers the one that the plan has. */
export function createOnboardingBatch(
  database: Database,
  request: CreateOnboardingBatchRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'create_onboarding_batch', { request, answer: answerSchema });
}
