import { describe, expect, it } from 'vitest';
import { parseRetryDelay } from './retry-delay.ts';
import { computeRetryDelayMs, defaultBackoffMs, readRetryAfterMs } from './retry-policy.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 0);

function expression(source: string) {
  const parsed = parseRetryDelay(source);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('the default backoff', () => {
  it.each([
    [1, 12],
    [2, 148],
    [3, 1_808],
    [4, 22_026],
    [5, 86_400],
    [50, 86_400],
  ])('waits before retry %d about %d seconds', (retry, seconds) => {
    expect(Math.floor(defaultBackoffMs(retry) / 1_000)).toBe(seconds);
  });
});

describe('the headers by which a destination asks for a pause', () => {
  it.each([
    [{ 'Retry-After': ['10'] }, 10_000],
    [{ 'Retry-After': ['0'] }, 0],
    [{ 'Retry-After': ['6m5s'] }, 365_000],
    [{ 'Retry-After': ['Mon, 23 Nov 2026 12:01:00 GMT'] }, 60_000],
    [{ 'X-Ratelimit-Reset': ['3'] }, 3_000],
    [{ 'X-Ratelimit-Reset-Requests': ['2s'] }, 2_000],
    [{ 'X-Ratelimit-Reset-Tokens': ['500ms'] }, 500],
    [{ 'Retry-After': ['soon'], 'X-Ratelimit-Reset': ['4'] }, 4_000],
    [{ 'X-Ratelimit-Reset': ['9'], 'Retry-After': ['5'] }, 5_000],
  ])('reads %j as %d ms', (headers, expectedMs) => {
    expect(readRetryAfterMs(headers, NOW_MS)).toBe(expectedMs);
  });

  it.each([
    [{}],
    [{ 'Retry-After': ['86401'] }],
    [{ 'X-Ratelimit-Reset': ['1795435200'] }],
    [{ 'Retry-After': ['Mon, 23 Nov 2026 11:59:59 GMT'] }],
    [{ 'Retry-After': ['Xxx, nonsense'] }],
    [{ 'Retry-After': ['-1'] }],
  ])('ignores %j', (headers) => {
    expect(readRetryAfterMs(headers, NOW_MS)).toBeUndefined();
  });
});

describe('the pause before a retry', () => {
  const failed = { retried: 1, retryDelay: expression('1000 * (1 + retried)'), responseHeaders: {}, nowMs: NOW_MS };

  it('prefers the destination to the expression', () => {
    expect(computeRetryDelayMs({ ...failed, responseHeaders: { 'Retry-After': ['7'] } })).toBe(7_000);
  });

  it('prefers the expression to the default', () => {
    expect(computeRetryDelayMs(failed)).toBe(2_000);
  });

  it('falls back to the default when the expression has no answer', () => {
    expect(computeRetryDelayMs({ ...failed, retryDelay: expression('0 - 1') })).toBe(defaultBackoffMs(2));
    expect(computeRetryDelayMs({ ...failed, retryDelay: undefined })).toBe(defaultBackoffMs(2));
  });
});
