export type Clock = {
  readonly nowMs: () => number;
  /** Every delay, backoff, rate period and deduplication window is divided by it; signatures and cron are not. */
  readonly timeScale: number;
};

/** When something asked for in QStash's time is due in ours. */
export function dueAfterMs(clock: Clock, delayMs: number): number {
  return Math.round(clock.nowMs() + delayMs / clock.timeScale);
}
