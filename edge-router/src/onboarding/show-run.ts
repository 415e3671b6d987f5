import * as z from 'zod';
import {
  onboardingRunRowSchema,
  onboardingStepRowSchema,
  type OnboardingRunRow,
  type OnboardingStepRow,
} from '../../../db/queries/onboarding-run-row.ts';
import { findNextSteps, stepNames, type NextStep, type StepProgress } from './rules/steps.ts';

const shownStepSchema = onboardingStepRowSchema.omit({ fieldsHash: true });

/** A run as the API shows it. */
export const shownRunSchema = onboardingRunRowSchema.extend({
  steps: z.array(shownStepSchema),
  nextSteps: z.array(z.object({ step: z.string(), at: z.string() })).describe('what a machine may ask for, and when'),
});

export type ShownRun = z.output<typeof shownRunSchema>;

export function showRun(run: OnboardingRunRow, nowMs: number): ShownRun {
  const steps = run.steps.toSorted((a, b) => placeOf(a) - placeOf(b)).map((step) => shownStepSchema.parse(step));
  const nextSteps = nextStepsOf(run, nowMs).map(({ step, atMs }) => ({ step, at: new Date(atMs).toISOString() }));
  return { ...run, steps, nextSteps };
}

/** What a machine may ask for of a run, in order; none while it is not open. */
function nextStepsOf(run: Pick<OnboardingRunRow, 'status' | 'steps'>, nowMs: number): NextStep[] {
  return run.status === 'open' ? findNextSteps(run.steps.map(toProgress), nowMs) : [];
}

function placeOf({ step }: OnboardingStepRow): number {
  return stepNames.findIndex((name) => name === step);
}

function toProgress({ step, status, isRunning, error, nextTryAt }: OnboardingStepRow): StepProgress {
  const isRetryable = status === 'failed' ? error?.['retryable'] === true : null;
  return { step, status, isRunning, isRetryable, nextTryAtMs: nextTryAt === null ? null : Date.parse(nextTryAt) };
}
