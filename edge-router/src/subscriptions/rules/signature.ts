// Signatures of Standard Webhooks (https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp`, and `webhook-signature`
// with `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`. QStash sends the same bytes again when it retries.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { fromBase64, toBase64 } from '../../rules/base64.ts';

const SECRET_PREFIX = 'whsec_';

/** The secret that a subscription's events are signed with; made anew from its id whenever it is needed, and stored nowhere. */
export function makeSecret(signingKey: string, subscriptionId: string): string {
  const bytes = hmac(sha256, utf8ToBytes(signingKey), utf8ToBytes(`subscription:${subscriptionId}`));
  return `${SECRET_PREFIX}${toBase64(bytes)}`;
}

interface Signed {
  readonly id: string;
  readonly timestampSeconds: number;
  readonly body: string;
}

/** The three headers that go with a body. */
export function signEvent(secret: string, { id, timestampSeconds, body }: Signed): Record<string, string> {
  const key = fromBase64(secret.slice(SECRET_PREFIX.length));
  const signature = hmac(sha256, key, utf8ToBytes(`${id}.${timestampSeconds}.${body}`));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': `v1,${toBase64(signature)}`,
  };
}
