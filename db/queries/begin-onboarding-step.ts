import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { begunSchema, busySchema, onboardingRunRowSchema, status } from './onboarding-run-row.ts';

export interface BeginOnboardingStepRequest {
  readonly runId: string;
  readonly step: string;
  /** Of the fields that the step uses. */
  readonly fieldsHash: string;
  /** Steps that must have succeeded. */
  readonly needs: readonly string[];
  readonly leaseSeconds: number;
  /** Begins it although it succeeded on the same fields. */
  readonly again?: boolean;
}

const answerSchema = z.discriminatedUnion('status', [
  begunSchema,
  /** It succeeded before, on the same fields. */
  z.object({ status: z.literal('replayed'), run: onboardingRunRowSchema }),
  z.object({ status: z.literal('blocked'), missing: z.array(z.string()) }),
  busySchema,
  /** Another run of the location is open. */
  status('taken'),
  /** The run was rolled back, or is being so. */
  status('rolled_back'),
  status('not_found'),
]);

/** Takes the lease of the run's location for one step, and answers all there is to know for it. */
export function beginOnboardingStep(
  database: Database,
  request: BeginOnboardingStepRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'begin_onboarding_step', { request, answer: answerSchema });
}
