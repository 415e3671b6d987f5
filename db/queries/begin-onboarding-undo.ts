import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { begunSchema, busySchema, onboardingRunRowSchema, status } from './onboarding-run-row.ts';

export interface BeginOnboardingUndoRequest {
  readonly runId: string;
  /** The steps in the order in which they are done; they are undone backwards. */
  readonly order: readonly string[];
  readonly leaseSeconds: number;
}

const answerSchema = z.discriminatedUnion('status', [
  begunSchema.extend({ step: z.string() }),
  /** Nothing was left to undo: the run is over now. */
  z.object({ status: z.literal('finished'), run: onboardingRunRowSchema }),
  /** It was rolled back before. */
  z.object({ status: z.literal('replayed'), run: onboardingRunRowSchema }),
  busySchema,
  status('taken'),
  status('not_found'),
]);

/** Takes the lease for undoing the last step that did anything; the run is rolling back from then on. */
export function beginOnboardingUndo(
  database: Database,
  request: BeginOnboardingUndoRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'begin_onboarding_undo', { request, answer: answerSchema });
}
