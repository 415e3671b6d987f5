import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { busySchema, onboardingRunRowSchema, status } from './onboarding-run-row.ts';

export interface ReplaceOnboardingRowRequest {
  readonly runId: string;
  readonly row: object;
  /** Of the new row's fields, by step. */
  readonly hashes: Readonly<Record<string, string>>;
}

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('replaced'), run: onboardingRunRowSchema }),
  busySchema,
  status('taken'),
  status('rolled_back'),
  status('not_found'),
]);

/** Corrects a run's row; steps that succeeded on other fields are pending again. Not while a step is at work. */
export function replaceOnboardingRow(
  database: Database,
  request: ReplaceOnboardingRowRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'replace_onboarding_row', { request, answer: answerSchema });
}
