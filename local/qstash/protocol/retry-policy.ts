import type { HeaderLists } from './header-names.ts';
import { parseGoDurationMs } from './durations.ts';
import { evaluateRetryDelayMs, type RetryDelay } from './retry-delay.ts';

const ONE_DAY_MS = 86_400_000;
/** In the order QStash asks them. https://upstash.com/docs/qstash/features/retry#retry-after-headers */
const RETRY_AFTER_HEADERS = [
  'Retry-After',
  'X-Ratelimit-Reset',
  'X-Ratelimit-Reset-Requests',
  'X-Ratelimit-Reset-Tokens',
];

type FailedAttempt = {
  /** How many retries there had been before this attempt: 0 after the first delivery. */
  readonly retried: number;
  readonly retryDelay: RetryDelay | undefined;
  readonly responseHeaders: HeaderLists;
  readonly nowMs: number;
};

/** Unscaled milliseconds to wait: the destination's wish, else the message's expression, else QStash's backoff. */
export function computeRetryDelayMs(attempt: FailedAttempt): number {
  const { retried, retryDelay, responseHeaders, nowMs } = attempt;
  return (
    readRetryAfterMs(responseHeaders, nowMs) ??
    (retryDelay === undefined ? undefined : evaluateRetryDelayMs(retryDelay, retried)) ??
    defaultBackoffMs(retried + 1)
  );
}

/** `min(86400, e^(2.5 n))` seconds before the n-th retry, n from 1. */
export function defaultBackoffMs(retry: number): number {
  return Math.min(ONE_DAY_MS, Math.exp(2.5 * retry) * 1_000);
}

/** What the destination asks for, when it is a time within the next day. */
export function readRetryAfterMs(headers: HeaderLists, nowMs: number): number | undefined {
  for (const name of RETRY_AFTER_HEADERS) {
    const text = headers[name]?.[0]?.trim();
    const delayMs = text === undefined ? undefined : parseWaitMs(text, nowMs);
    if (delayMs !== undefined && delayMs >= 0 && delayMs <= ONE_DAY_MS) return delayMs;
  }
  return undefined;
}

function parseWaitMs(text: string, nowMs: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (!/^[A-Z][a-z]{2}, /.test(text)) return parseGoDurationMs(text);
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : dateMs - nowMs;
}
