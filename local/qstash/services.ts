import type { Clock } from './clock.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import type { Faults } from './delivery/faults.ts';
import type { Intake } from './intake.ts';
import type { ScheduleRunner } from './schedule-runner.ts';
import type { SigningKeys } from './store/signing-keys-table.ts';
import type { Store } from './store/store.ts';

/** What the routes work with. */
export type Services = {
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly intake: Intake;
  readonly schedules: ScheduleRunner;
  readonly faults: Faults;
  readonly readSigningKeys: () => SigningKeys;
  /** Resolves when the new pair is on disk and in use. */
  readonly rotateSigningKeys: () => Promise<SigningKeys>;
};
