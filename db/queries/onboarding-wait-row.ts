import * as z from 'zod';

const document = z.record(z.string(), z.unknown());

/** One item of a caller that sleeps: as it was given, and what became of its step since. */
export const waitResultSchema = z.object({
  item: document,
  /** Of a step that is over. */
  answer: document.nullable(),
  /** Of a step that failed, or did not end in time. */
  problem: document.nullable(),
});

export type WaitResult = z.output<typeof waitResultSchema>;

export const onboardingWaitRowSchema = z.object({
  waitId: z.string(),
  step: z.string(),
  resumeUrl: z.string(),
  results: z.array(waitResultSchema),
  isOverdue: z.boolean(),
});

export type OnboardingWaitRow = z.output<typeof onboardingWaitRowSchema>;
