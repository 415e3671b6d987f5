import type { SlotRules } from '../../../db/queries/onboarding-batch-row.ts';
import type { OnboardingDeps } from './deps.ts';
import { stepNames } from './rules/steps.ts';

/** Longer than a step takes that waits its turn for most of its calls. */
export const SLOT_LEASE_SECONDS = 180;
const OVERDUE_SECONDS = 30;
/**
 * HighLevel loads about 100 snapshots in 10 minutes: enough that its queue never runs dry, and few enough that no load is
 * overdue (45 minutes) merely for being far back in it.
 */
const MAX_LOADING = 300;

/** How many rows of all batches may call HighLevel at once, and begin. */
export function slotRules({ config }: Pick<OnboardingDeps, 'config'>): SlotRules {
  return {
    maxActive: config.onboardingMaxActiveRows,
    maxLoading: MAX_LOADING,
    loadedSteps: stepNames.indexOf('apply-snapshot') + 1,
    leaseSeconds: SLOT_LEASE_SECONDS,
    overdueSeconds: OVERDUE_SECONDS,
  };
}
