import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { onboardingRunRowSchema } from './onboarding-run-row.ts';

export interface OpenOnboardingRunRequest {
  /** Of the run, if it is a new one. */
  readonly runId: string;
  readonly batch: string;
  readonly rowKey: string;
  readonly row: object;
  readonly steps: readonly string[];
}

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('opened'), run: onboardingRunRowSchema }),
  z.object({ status: z.literal('same'), run: onboardingRunRowSchema }),
  /** Another run of the location is open. */
  z.object({ status: z.literal('taken'), runId: z.string(), batch: z.string() }),
]);

/**
 * Opens a run, or answers the `same` one when batch and row key came before; its row stays as it is. A run that was rolled
 * back is opened again, with the row given now.
 */
export function openOnboardingRun(
  database: Database,
  request: OpenOnboardingRunRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'open_onboarding_run', { request, answer: answerSchema });
}
