import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { onboardingRunRowSchema, status } from './onboarding-run-row.ts';
import type { OnboardedLocationPatch } from './settle-onboarding-effect.ts';

export interface OnboardingTask {
  /** One of its kind for each sub-account. */
  readonly kind: string;
  readonly title: string;
  readonly reason: string;
  readonly link: string | null;
}

export interface FinishOnboardingStepRequest {
  readonly runId: string;
  readonly fence: number;
  readonly step: string;
  readonly status: 'succeeded' | 'waiting' | 'failed' | 'undone' | 'undo_waiting' | 'undo_failed';
  /** Left out: what it was. `waitsFor` in it names the milestone: an event is written when it changes. */
  readonly output?: object;
  readonly error?: object;
  readonly retryAfterSeconds?: number;
  readonly tasks?: readonly OnboardingTask[];
  /** Kinds of tasks that turned out to be done. */
  readonly tasksDone?: readonly string[];
  readonly location?: OnboardedLocationPatch;
  /** For the time line; no person's data. */
  readonly event?: object;
  /** A message for the outbox. */
  readonly topic?: string;
}

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('finished'), run: onboardingRunRowSchema }),
  status('fenced'),
]);

/** Ends what `beginOnboardingStep` or `beginOnboardingUndo` began, and gives the lease back, all in one transaction. */
export function finishOnboardingStep(
  database: Database,
  request: FinishOnboardingStepRequest,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'finish_onboarding_step', { request, answer: answerSchema });
}
