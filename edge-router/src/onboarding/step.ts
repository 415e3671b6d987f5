import type { OnboardingRunRow } from '../../../db/queries/onboarding-run-row.ts';
import type { OnboardingTask } from '../../../db/queries/finish-onboarding-step.ts';
import type { OnboardedLocationPatch } from '../../../db/queries/settle-onboarding-effect.ts';
import type { HighlevelCaller } from '../highlevel/caller.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import type { Result } from '../rules/result.ts';
import type { OnboardingDeps } from './deps.ts';
import type { Finding } from './rules/finding.ts';
import type { OnboardingRow } from './rules/onboarding-row.ts';
import type { OnboardingSettings } from './rules/onboarding-settings.ts';
import type { StepName } from './rules/steps.ts';
import type { StepLedger } from './step-ledger.ts';

/** HighLevel as a step sees it. */
export interface Callers {
  /** For calls that change nothing. */
  readonly reader: HighlevelCaller;
  /** For calls that are written down first: they wait a short time only for their turn. */
  readonly writer: HighlevelCaller;
}

/** What a check looks at: a location as it ought to be. */
export interface CheckContext {
  readonly deps: OnboardingDeps;
  readonly highlevel: Callers;
  readonly row: OnboardingRow;
  readonly settings: OnboardingSettings;
  readonly locationId: string;
  readonly ghlLocationId: string;
}

/** What a step works with while it holds the location's lease. */
export interface StepContext {
  readonly deps: OnboardingDeps;
  readonly highlevel: Callers;
  readonly run: OnboardingRunRow;
  readonly row: OnboardingRow;
  readonly settings: OnboardingSettings;
  readonly ledger: StepLedger;
}

export interface Waiting {
  readonly kind: 'waiting';
  /** A milestone: the time line has an event when it changes. */
  readonly waitsFor: string;
  readonly detail: string;
  readonly retryAfterSeconds: number;
  /** How far it is; shown with the step. */
  readonly progress?: object;
}

export interface Failed {
  readonly kind: 'failed';
  /** Stable, for machines. */
  readonly reason: string;
  /** What happened, for people. No secret, no person's data. */
  readonly detail: string;
  /** What to do about it. */
  readonly action: string;
  /** Whether asking again may help although nobody changes anything. */
  readonly isRetryable: boolean;
  readonly retryAfterSeconds?: number;
  /** What exactly is missing or wrong, by name. */
  readonly findings?: readonly Finding[];
  readonly tasks?: readonly OnboardingTask[];
}

interface Effects {
  readonly tasks?: readonly OnboardingTask[];
  /** Kinds of tasks that turned out to be done. */
  readonly tasksDone?: readonly string[];
  readonly location?: OnboardedLocationPatch;
}

export type StepOutcome =
  | ({ readonly kind: 'succeeded'; readonly output: object; readonly topic?: string } & Effects)
  | Waiting
  | Failed;

export type UndoOutcome = ({ readonly kind: 'undone'; readonly output?: object } & Effects) | Waiting | Failed;

export interface Step {
  readonly name: StepName;
  /** Whether leads may go elsewhere after it: the directory is brought up to date before the answer. */
  readonly changesDirectory: boolean;
  /** Does what is not done yet. It may be run at any time and any number of times. */
  readonly run: (context: StepContext) => Promise<StepOutcome>;
  /** Looks whether what it does is so, and changes nothing. */
  readonly check: (context: CheckContext) => Promise<Result<readonly Finding[], HighlevelError>>;
  /** Takes back what this run's own `run` did, as far as it can be; what is not there any more is no failure. */
  readonly undo: (context: StepContext) => Promise<UndoOutcome>;
}
