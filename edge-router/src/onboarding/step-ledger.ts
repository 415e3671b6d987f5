// What a step writes about itself while it holds the location's lease. Every write names the fence; once somebody else took
// over, LeaseLost ends the step where it is: it must send nothing more.
import type { Database } from '../../../db/database.ts';
import type { OnboardingEffectRow } from '../../../db/queries/onboarding-run-row.ts';
import { recordOnboardingEffect } from '../../../db/queries/record-onboarding-effect.ts';
import { settleOnboardingEffect, type OnboardedLocationPatch } from '../../../db/queries/settle-onboarding-effect.ts';
import type { HighlevelError } from '../highlevel/rules/failure.ts';
import type { Result } from '../rules/result.ts';
import type { StepName } from './rules/steps.ts';

/** Somebody else works on the location now: thrown, because nothing may come after it, wherever it happens. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Longer than what lies between two writes of a step: some reads. */
export const LEASE_SECONDS = 60;
/** The longest that a call waits for its turn. */
export const WRITE_WAIT_MS = 5000;
/** The longest that a call takes: its turn and its answer (30 s at most), and both once more after a 429. */
const CALL_WINDOW_SECONDS = 75;
/** A call must leave so soon after it was written down, or not at all. */
const SEND_WITHIN_MS = 10_000;
/** From when HighLevel has done something until its searches surely show it. */
export const SEARCH_LAG_SECONDS = 60;

export interface Effect<T> {
  readonly effect: string;
  /** What is about to be done, and what was there before. No secret. */
  readonly intent: object;
  readonly call: () => Promise<Result<T, HighlevelError>>;
  /** What is kept of a call that was done. */
  readonly keep?: (value: T) => object;
  readonly location?: (value: T) => OnboardedLocationPatch;
}

export interface StepLedger {
  /** What was sent for this sub-account so far, by whatever run, and what became of it; oldest first. */
  readonly effects: readonly OnboardingEffectRow[];
  /** Writes down, calls, writes down what became of it. */
  readonly perform: <T>(effect: Effect<T>) => Promise<Result<T, HighlevelError>>;
  /** What became of an effect that a predecessor left behind. */
  readonly settle: (
    effectId: number,
    settled: { outcome: 'done' | 'not_done'; result?: object; location?: OnboardedLocationPatch },
  ) => Promise<void>;
}

interface Held {
  readonly runId: string;
  readonly step: StepName;
  readonly fence: number;
  /** The number of the present sub-account. */
  readonly generation: number;
  /** Every effect's intent names it, unless it names another. */
  readonly ghlLocationId: string | null;
  readonly effects: readonly OnboardingEffectRow[];
}

interface Deps {
  readonly database: Database;
  readonly nowMs: () => number;
  readonly searchLagSeconds: number;
}

/** The ledger of one beginning of one step. */
export function createStepLedger(deps: Deps, held: Held): StepLedger {
  const { runId, step, fence } = held;
  const named = { runId, fence, leaseSeconds: LEASE_SECONDS };
  let effects = held.effects;
  const settle = async (request: Omit<Parameters<typeof settleOnboardingEffect>[1], keyof typeof named>) => {
    const { status } = await settleOnboardingEffect(deps.database, { ...named, ...request });
    if (status === 'fenced') throw new LeaseLost();
    const { effectId, outcome, result } = request;
    effects = effects.map((sent) => (sent.effectId === effectId ? { ...sent, outcome, result: { ...result } } : sent));
  };
  return {
    get effects() {
      return effects;
    },
    settle: (effectId, { result = {}, ...settled }) => settle({ effectId, result, ...settled }),
    perform: async ({ effect, intent: meant, call, keep = () => ({}), location }) => {
      const { ghlLocationId } = held;
      const intent = { ...(ghlLocationId === null ? {} : { ghlLocationId }), ...meant };
      const recordedFromMs = deps.nowMs();
      const recorded = await recordOnboardingEffect(deps.database, {
        ...named,
        step,
        effect,
        intent,
        leaseSeconds: CALL_WINDOW_SECONDS + LEASE_SECONDS,
        settlesAfterSeconds: CALL_WINDOW_SECONDS + deps.searchLagSeconds,
      });
      // A Worker that slept in between may have been overtaken: what it would send now, nobody waits for.
      const isLate = deps.nowMs() - recordedFromMs > SEND_WITHIN_MS;
      if (recorded.status === 'fenced' || isLate) throw new LeaseLost();
      const { effectId } = recorded;
      const { generation } = held;
      const settlesInSeconds = CALL_WINDOW_SECONDS + deps.searchLagSeconds;
      const sent = {
        effectId,
        runId,
        generation,
        step,
        effect,
        intent: { ...intent },
        settlesInSeconds,
        ageSeconds: 0,
      };
      effects = [...effects, { ...sent, outcome: 'unknown', result: null }];
      const called = await call();
      if (called.ok) {
        const patch = location && { location: location(called.value) };
        await settle({ effectId, outcome: 'done', result: keep(called.value), ...patch });
        return called;
      }
      await settle({ effectId, ...judge(called.error, deps.searchLagSeconds), result: { failed: called.error.kind } });
      return called;
    },
  };
}

/** What an error says of whether the call was done. An answer, of whatever kind, means that nothing is under way any more. */
function judge(
  error: HighlevelError,
  searchLagSeconds: number,
): { outcome: 'unknown' | 'not_done'; settlesAfterSeconds?: number } {
  switch (error.kind) {
    case 'rate_limited':
    case 'not_connected':
    case 'unauthorized':
    case 'wrong_token':
    case 'not_found':
      return { outcome: 'not_done' };
    // HighLevel is known to do a thing and answer that it was invalid.
    case 'invalid':
    case 'unexpected_answer':
      return { outcome: 'unknown', settlesAfterSeconds: searchLagSeconds };
    case 'unavailable':
    case 'unknown_outcome':
      return error.status === null
        ? { outcome: 'unknown' }
        : { outcome: 'unknown', settlesAfterSeconds: searchLagSeconds };
  }
}
