import { vi } from 'vitest';

/** Long: it ends what never comes, and is no measure of speed. A busy machine may take many times as long as an idle one. */
const TIMEOUT_MS = 30_000;

/** Repeats `check` until it throws nothing more, and answers what it answers. Throws what it threw last when that never comes. */
export function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS, intervalMs = 20 } = {},
): Promise<T> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: intervalMs });
}
