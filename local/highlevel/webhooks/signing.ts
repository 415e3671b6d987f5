// HighLevel signs a webhook with Ed25519 over the bytes of its body: the signature in base64 is the header X-GHL-Signature. There
// is neither a time stamp in it nor a key of each customer's own. Source: HighLevel's "Webhook Integration Guide".

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

export const SIGNATURE_HEADER = 'X-GHL-Signature';

/** A new private key: PKCS #8 in base64. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

/** The public half, in PEM as HighLevel publishes its own. */
export function toPublicKeyPem(signingKey: string): string {
  return createPublicKey(readKey(signingKey)).export({ type: 'spki', format: 'pem' }).toString();
}

export function createSigner(signingKey: string): (body: Buffer) => string {
  const key = readKey(signingKey);
  return (body) => sign(null, body, key).toString('base64');
}

function readKey(signingKey: string) {
  return createPrivateKey({ key: Buffer.from(signingKey, 'base64'), format: 'der', type: 'pkcs8' });
}
