/** What an answer says of the budget it was counted in. https://marketplace.gohighlevel.com/docs/other/rate-limits */
export interface RateHeaders {
  /** Calls allowed in one interval. */
  readonly max: number;
  readonly remaining: number;
  readonly intervalMs: number;
  readonly dailyLimit: number | null;
  readonly dailyRemaining: number | null;
}

/** Null where an answer does not carry them, or not as numbers that can be. */
export function readRateHeaders(headers: { readonly get: (name: string) => string | null }): RateHeaders | null {
  const read = (name: string): number | null => {
    const text = headers.get(name);
    return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null;
  };
  const max = read('x-ratelimit-max');
  const remaining = read('x-ratelimit-remaining');
  const intervalMs = read('x-ratelimit-interval-milliseconds');
  if (!max || remaining === null || remaining > max || !intervalMs) return null;
  return {
    max,
    remaining,
    intervalMs,
    dailyLimit: read('x-ratelimit-limit-daily'),
    dailyRemaining: read('x-ratelimit-daily-remaining'),
  };
}
