// The `Upstash-Signature` of a delivery: a JWT (HS256) whose key is the signing key's own text, prefix included.
// Its times are real ones whatever the time scale. https://upstash.com/docs/qstash/howto/signature

import { createHash, createHmac } from 'node:crypto';
import { createId } from './identifiers.ts';

const VALID_SECONDS = 300;
const HEADER = encode('{"alg":"HS256","typ":"JWT"}');

type Delivery = {
  /** The destination as it was published, query included: the receiver compares it with its own address. */
  readonly url: string;
  readonly body: Uint8Array;
  readonly signingKey: string;
  readonly nowMs: number;
};

/** A compact JWT over the address and the exact bytes of the body. */
export function signDelivery(delivery: Delivery): string {
  const issuedAt = Math.floor(delivery.nowMs / 1_000);
  const claims = {
    iss: 'Upstash',
    sub: delivery.url,
    exp: issuedAt + VALID_SECONDS,
    nbf: issuedAt,
    iat: issuedAt,
    jti: createId('jwt_'),
    body: createHash('sha256').update(delivery.body).digest('base64url'),
  };
  const signed = `${HEADER}.${encode(JSON.stringify(claims))}`;
  return `${signed}.${createHmac('sha256', delivery.signingKey).update(signed).digest('base64url')}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
