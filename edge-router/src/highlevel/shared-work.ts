import { pause } from './pause.ts';

export interface SharedWork<T> {
  /** Does the work, or answers what another caller with the same key, who began before, comes to. */
  readonly run: (key: string, work: () => Promise<T>) => Promise<T>;
}

/** Whoever began longer ago has died with its request. */
const PATIENCE_MS = 12_000;
const LOOK_INTERVAL_MS = 20;

interface Work<T> {
  readonly startedAtMs: number;
  outcome: { readonly value: T } | { readonly error: unknown } | null;
}

/**
 * One piece of work at a time per key and isolate. The others look for its outcome and wait on no promise of its, for a
 * request that ends takes its fetches with it, and who waits on them waits for ever.
 */
export function createSharedWork<T>(nowMs: () => number): SharedWork<T> {
  const running = new Map<string, Work<T>>();
  const isAlive = (work: Work<T>): boolean => nowMs() - work.startedAtMs < PATIENCE_MS;
  const lead = async (key: string, work: () => Promise<T>): Promise<T> => {
    const mine: Work<T> = { startedAtMs: nowMs(), outcome: null };
    running.set(key, mine);
    try {
      const value = await work();
      mine.outcome = { value };
      return value;
    } catch (error) {
      mine.outcome = { error };
      throw error;
    } finally {
      if (running.get(key) === mine) running.delete(key);
    }
  };
  return {
    run: async (key, work) => {
      const other = running.get(key);
      if (!other) return lead(key, work);
      while (!other.outcome && isAlive(other)) await pause(LOOK_INTERVAL_MS);
      if (!other.outcome) return lead(key, work);
      if ('error' in other.outcome) throw other.outcome.error;
      return other.outcome.value;
    },
  };
}
