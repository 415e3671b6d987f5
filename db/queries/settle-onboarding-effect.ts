import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { status } from './onboarding-run-row.ts';

/** What a step changes at our own location, together with its ledger; what is not given stays. */
export interface OnboardedLocationPatch {
  /** Our location of this row key. */
  readonly locationId?: string;
  readonly ghlLocationId?: string | null;
  readonly active?: boolean;
  /** The sub-account is given up: the next one is another generation, and other runs' steps count as undone. */
  readonly giveUpGeneration?: boolean;
}

export interface SettleOnboardingEffectRequest {
  readonly runId: string;
  readonly fence: number;
  readonly effectId: number;
  readonly outcome: 'unknown' | 'done' | 'not_done';
  readonly result: object;
  /** Of an unknown outcome: how long from now on it may still show. */
  readonly settlesAfterSeconds?: number;
  readonly location?: OnboardedLocationPatch;
  readonly leaseSeconds: number;
}

const answerSchema = z.discriminatedUnion('status', [status('settled'), status('fenced')]);

/** Writes down what became of an effect, one's own or one that a predecessor left behind. */
export function settleOnboardingEffect(
  database: Database,
  request: SettleOnboardingEffectRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'settle_onboarding_effect', { request, answer: answerSchema });
}
