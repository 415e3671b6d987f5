import type { OnboardingEffectRow, OnboardingRunRow } from '../../../db/queries/onboarding-run-row.ts';
import type { StepContext } from './step.ts';

type Facts = Pick<StepContext, 'ledger' | 'run'>;

/** Of the location's present sub-account, by whatever run, oldest first. */
export function findEffects({ ledger, run }: Facts, effect: string): OnboardingEffectRow[] {
  return ledger.effects.filter(
    (sent) => sent.effect === effect && sent.generation === run.generation && isOfPresent(sent, run),
  );
}

/** Somebody may have given the location another sub-account since; what was sent to none is of any. */
function isOfPresent({ intent, result }: OnboardingEffectRow, { ghlLocationId }: OnboardingRunRow): boolean {
  const sentTo = result?.['ghlLocationId'] ?? intent['ghlLocationId'] ?? null;
  return sentTo === null || ghlLocationId === null || sentTo === ghlLocationId;
}

/** Whether the present sub-account is one that this run made. */
export function isCreatedHere(facts: Facts): boolean {
  return findEffects(facts, 'create-sub-account').some(
    ({ runId, outcome }) => runId === facts.run.runId && outcome === 'done',
  );
}

/** Of a run whose record was created. */
export function locationIdOf(run: OnboardingRunRow): string {
  if (run.locationId === null) throw new Error(`run ${run.runId} has no location yet`);
  return run.locationId;
}

/** Of a run whose sub-account is there. */
export function ghlLocationIdOf(run: OnboardingRunRow): string {
  if (run.ghlLocationId === null) throw new Error(`run ${run.runId} has no sub-account`);
  return run.ghlLocationId;
}
