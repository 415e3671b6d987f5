// Signatures of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA-256 of `id.timestamp.body` under the
// subscription's secret, over the bytes that came.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A delivery that failed is sent again for hours, as it was signed first; repeats are dropped by their id. */
const TOLERANCE_SECONDS = 24 * 60 * 60;
/** Of a clock that is ahead. */
const AHEAD_SECONDS = 5 * 60;
const SECRET_PREFIX = 'whsec_';

export interface SignedRequest {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly rawBody: Buffer;
}

/** Whether the request was signed with this secret, not too long ago. */
export function isSigned({ headers, rawBody }: SignedRequest, secret: string, nowMs: number): boolean {
  const id = textOf(headers['webhook-id']);
  const timestamp = textOf(headers['webhook-timestamp']);
  const ageSeconds = nowMs / 1000 - Number(timestamp);
  if (id === '' || !/^\d{1,12}$/.test(timestamp)) return false;
  if (ageSeconds > TOLERANCE_SECONDS || ageSeconds < -AHEAD_SECONDS) return false;
  const key = Buffer.from(secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret, 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest();
  const given = textOf(headers['webhook-signature'])
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'));
  return given.some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
