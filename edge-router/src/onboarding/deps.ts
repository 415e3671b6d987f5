import type { AppDeps } from '../deps.ts';
import type { Highlevel } from '../highlevel/highlevel.ts';

export type OnboardingDeps = Pick<
  AppDeps,
  'config' | 'database' | 'redis' | 'postalCodes' | 'nowMs' | 'newId' | 'log'
> & {
  /** Null where HighLevel is not configured. */
  readonly highlevel: Highlevel | null;
  /** Brings the directory up to Postgres, so that the next lead is decided by it. Does not throw. */
  readonly refreshDirectory: () => Promise<void>;
};
