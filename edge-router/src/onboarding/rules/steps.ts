/** The steps that bring one location on, in their order. */
export const stepNames = [
  'create-record',
  'create-sub-account',
  'apply-snapshot',
  'configure-automations',
  'set-up-integrations',
  'verify-setup',
  'activate',
] as const;

export type StepName = (typeof stepNames)[number];

/** What must have succeeded before each. */
export const stepNeeds: Readonly<Record<StepName, readonly StepName[]>> = {
  'create-record': [],
  'create-sub-account': ['create-record'],
  'apply-snapshot': ['create-sub-account'],
  'configure-automations': ['apply-snapshot'],
  'set-up-integrations': ['apply-snapshot'],
  'verify-setup': ['configure-automations', 'set-up-integrations'],
  activate: ['verify-setup'],
};

export function isStepName(text: string): text is StepName {
  return (stepNames as readonly string[]).includes(text);
}

export interface StepProgress {
  readonly step: string;
  readonly status: string;
  /** Somebody works on it now. */
  readonly isRunning: boolean;
  /** Whether it would do any good to ask again by itself; null where it did not fail. */
  readonly isRetryable: boolean | null;
  readonly nextTryAtMs: number | null;
}

export interface NextStep {
  readonly step: StepName;
  /** When it may be asked; a time gone by is now. */
  readonly atMs: number;
}

/**
 * The steps of an open run that a machine may ask for: what they need has succeeded, nobody works on them, and they did
 * not fail for a reason that only a person can change. In order; a run without any is done or waits for a person.
 */
export function findNextSteps(progress: readonly StepProgress[], nowMs: number): NextStep[] {
  const byName = new Map(progress.map((step) => [step.step, step]));
  const hasSucceeded = (name: StepName): boolean => byName.get(name)?.status === 'succeeded';
  return stepNames
    .filter((name) => !hasSucceeded(name) && stepNeeds[name].every(hasSucceeded))
    .flatMap((name) => {
      const step = byName.get(name);
      if (!step || step.isRunning || (step.status === 'failed' && step.isRetryable === false)) return [];
      return [{ step: name, atMs: Math.max(step.nextTryAtMs ?? nowMs, nowMs) }];
    });
}
