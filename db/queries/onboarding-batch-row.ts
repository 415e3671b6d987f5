import * as z from 'zod';

export const batchRowStatusSchema = z.enum([
  'queued',
  'active',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'rolled_back',
  'rolled_back_with_tasks',
]);

/** A batch with its rows counted, as the SQL function `show_onboarding_batch` answers it. */
export const onboardingBatchRowSchema = z.object({
  batchId: z.string(),
  planId: z.string(),
  name: z.string(),
  status: z.enum(['running', 'paused', 'cancelled', 'finished']),
  onFailure: z.enum(['keep', 'roll_back']),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  rows: z.array(
    z.object({
      status: batchRowStatusSchema,
      direction: z.enum(['forward', 'back']),
      stepsDone: z.number(),
      waitsFor: z.string().nullable(),
      count: z.number(),
    }),
  ),
});

export type OnboardingBatchRow = z.output<typeof onboardingBatchRowSchema>;

/** A row that has a slot, and the number of the message that says so. */
export const turnSchema = z.object({ batchId: z.string(), row: z.number(), turn: z.number() });

export type Turn = z.output<typeof turnSchema>;

/** How slots are given. */
export interface SlotRules {
  /** Rows of all batches that call HighLevel at once. */
  readonly maxActive: number;
  /** So many may wait for their snapshot before another row begins. */
  readonly maxLoading: number;
  /** With so many steps done a row has its snapshot. */
  readonly loadedSteps: number;
  /** A slot whose Worker says nothing for so long is free again. */
  readonly leaseSeconds: number;
  /** A row whose message has not come so long after its time is due without it. */
  readonly overdueSeconds: number;
}
