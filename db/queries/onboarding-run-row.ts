import * as z from 'zod';

const stepStatusSchema = z.enum([
  'pending',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'undoing',
  'undo_waiting',
  'undone',
  'undo_failed',
]);

const document = z.record(z.string(), z.unknown());

export const onboardingStepRowSchema = z.object({
  step: z.string(),
  status: stepStatusSchema,
  /** How often it was begun. */
  attempt: z.number(),
  /** How often it was asked again since then while it waited. */
  polls: z.number(),
  fieldsHash: z.string().nullable(),
  output: document.nullable(),
  error: document.nullable(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  waitsSince: z.string().nullable(),
  nextTryAt: z.string().nullable(),
  /** Somebody works on it now. `running` without it: whoever began it is gone. */
  isRunning: z.boolean(),
});

export type OnboardingStepRow = z.output<typeof onboardingStepRowSchema>;

export const onboardingTaskRowSchema = z.object({
  taskId: z.string(),
  kind: z.string(),
  title: z.string(),
  reason: z.string(),
  link: z.string().nullable(),
  status: z.enum(['open', 'done', 'withdrawn']),
  note: z.string().nullable(),
  createdAt: z.string(),
  closedAt: z.string().nullable(),
});

export type OnboardingTaskRow = z.output<typeof onboardingTaskRowSchema>;

/** A run with its steps and tasks, as the SQL function `show_onboarding_run` answers it. */
export const onboardingRunRowSchema = z.object({
  runId: z.string(),
  batch: z.string(),
  rowKey: z.string(),
  status: z.enum(['open', 'completed', 'rolling_back', 'rolled_back', 'rolled_back_with_tasks']),
  row: document,
  createdAt: z.string(),
  updatedAt: z.string(),
  locationId: z.string().nullable(),
  /** Counts the location's sub-accounts, those given up included. */
  generation: z.number(),
  ghlLocationId: z.string().nullable(),
  active: z.boolean().nullable(),
  steps: z.array(onboardingStepRowSchema),
  tasks: z.array(onboardingTaskRowSchema),
});

export type OnboardingRunRow = z.output<typeof onboardingRunRowSchema>;

/** What was about to be done at HighLevel, and what became of it as far as it is known. */
const onboardingEffectRowSchema = z.object({
  effectId: z.number(),
  runId: z.string(),
  generation: z.number(),
  step: z.string(),
  effect: z.string(),
  intent: document,
  outcome: z.enum(['unknown', 'done', 'not_done']),
  result: document.nullable(),
  /** Until then an unknown outcome may still become a change at HighLevel; negative once it cannot. */
  settlesInSeconds: z.coerce.number(),
  ageSeconds: z.coerce.number(),
});

export type OnboardingEffectRow = z.output<typeof onboardingEffectRowSchema>;

/** Somebody else holds the location's lease. */
export const busySchema = z.object({
  status: z.literal('busy'),
  step: z.string().nullable(),
  retryAfterSeconds: z.coerce.number(),
});

/** A lease: every later write names its `fence`. */
export const begunSchema = z.object({
  status: z.literal('begun'),
  fence: z.number(),
  run: onboardingRunRowSchema,
  /** Of the location's present sub-account by whatever run, and all of this run's own, oldest first. */
  effects: z.array(onboardingEffectRowSchema),
});

export const status = <Name extends string>(name: Name) => z.object({ status: z.literal(name) });
