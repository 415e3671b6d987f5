import type { OnboardingDeps } from './deps.ts';

/**
 * HighLevel's own slowness, in seconds of our clock: all waits for it go through here, because a sandbox may run faster
 * than the real one. Timeouts of calls and leases are ours and are never scaled.
 */
export function scaleSeconds({ config }: Pick<OnboardingDeps, 'config'>, seconds: number): number {
  return Math.max(seconds / config.onboardingTimeScale, 0.05);
}
