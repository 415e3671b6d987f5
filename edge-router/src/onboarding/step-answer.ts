import * as z from 'zod';
import type { OnboardingRunRow, OnboardingStepRow } from '../../../db/queries/onboarding-run-row.ts';

/** What asking for a step answers when nothing went wrong: done (200), or come back (202). */
export const stepAnswerSchema = z.object({
  runId: z.string(),
  batch: z.string(),
  rowKey: z.string(),
  locationId: z.string().nullable(),
  ghlLocationId: z.string().nullable(),
  step: z.string(),
  status: z.enum(['succeeded', 'waiting', 'running']).describe('running: somebody else is at it'),
  replayed: z.boolean().describe('it was done before, on the same fields: nothing was done now'),
  attempt: z.number(),
  polls: z.number().describe('how often this attempt was asked again while it waited'),
  output: z.record(z.string(), z.unknown()).nullable(),
  waitsFor: z.string().nullable(),
  detail: z.string().nullable(),
  retryAfterSeconds: z.number().nullable().describe('null when it is done'),
  openTasks: z.number().describe('tasks for people that are open at this location'),
});

export type StepAnswer = z.output<typeof stepAnswerSchema>;

export function answerStep(
  run: OnboardingRunRow,
  step: OnboardingStepRow,
  told: Pick<StepAnswer, 'status' | 'replayed'> &
    Partial<Pick<StepAnswer, 'waitsFor' | 'detail' | 'retryAfterSeconds'>>,
): StepAnswer {
  const { runId, batch, rowKey, locationId, ghlLocationId } = run;
  const { attempt, polls, output } = step;
  return {
    runId,
    batch,
    rowKey,
    locationId,
    ghlLocationId,
    step: step.step,
    attempt,
    polls,
    output,
    waitsFor: null,
    detail: null,
    retryAfterSeconds: null,
    openTasks: run.tasks.filter(({ status }) => status === 'open').length,
    ...told,
  };
}
