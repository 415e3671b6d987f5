import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { status } from './onboarding-run-row.ts';

export interface RecordOnboardingEffectRequest {
  readonly runId: string;
  readonly fence: number;
  readonly step: string;
  readonly effect: string;
  /** What is about to be done, and what was there before it. No secret. */
  readonly intent: object;
  /** How long from now on the call, if its outcome stays unknown, may still change something. */
  readonly settlesAfterSeconds: number;
  readonly leaseSeconds: number;
}

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('recorded'), effectId: z.number() }),
  status('fenced'),
]);

/** Writes down what is about to be sent, and prolongs the lease to cover it. `fenced`: it must not be sent any more. */
export function recordOnboardingEffect(
  database: Database,
  request: RecordOnboardingEffectRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'record_onboarding_effect', { request, answer: answerSchema });
}
