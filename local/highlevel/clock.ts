export type Clock = { readonly nowMs: () => number };

/** When something that takes `delayMs` of HighLevel's time is due in ours. */
export function dueAfterMs(nowMs: number, delayMs: number, timeScale: number): number {
  return Math.round(nowMs + delayMs / timeScale);
}
