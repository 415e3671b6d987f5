import { scaleSeconds } from './patience.ts';
import type { StepContext, Waiting } from './step.ts';
import { findEffects } from './step-facts.ts';

const LOOK_AGAIN_SECONDS = 10;

/**
 * Nothing was found of what `effect` creates. While an attempt that nobody saw answered may still show, it is not created
 * again; null once it surely is not there.
 */
export function waitForCreation(context: StepContext, effect: string, what: string): Waiting | null {
  const settlesIn = findEffects(context, effect)
    .filter(({ outcome }) => outcome === 'unknown')
    .map(({ settlesInSeconds }) => settlesInSeconds);
  const settlesInSeconds = Math.max(0, ...settlesIn);
  if (settlesInSeconds === 0) return null;
  return {
    kind: 'waiting',
    waitsFor: `${what} search`,
    detail: `An earlier attempt to create the ${what} was not answered: it is looked for until it surely was not made.`,
    retryAfterSeconds: Math.min(Math.max(settlesInSeconds, 1), scaleSeconds(context.deps, LOOK_AGAIN_SECONDS)),
    progress: { settlesInSeconds: Math.ceil(settlesInSeconds) },
  };
}
