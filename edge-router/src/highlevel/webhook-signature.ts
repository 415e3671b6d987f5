// X-GHL-Signature: Ed25519 over the raw bytes of the body, in base64, under a key that HighLevel publishes. It says that HighLevel
// sent this, not for whom. A missing one and `N/A` are no signature, and no setting turns the check off.

import { fromBase64 } from '../rules/base64.ts';

export const SIGNATURE_HEADER = 'x-ghl-signature';

/** 64 bytes in base64. */
const SIGNATURE_PATTERN = /^[A-Za-z0-9+/]{86}==$/;

export type VerifyWebhook = (bytes: Uint8Array<ArrayBuffer>, signature: string | undefined) => Promise<boolean>;

/** A signature under any of the keys will do, so that one can follow another. Keys are imported once, on first use. */
export function createWebhookVerifier(publicKeys: readonly string[]): VerifyWebhook {
  let imported: ReturnType<typeof importKeys> | null = null;
  return async (bytes, signature) => {
    if (!signature || !SIGNATURE_PATTERN.test(signature)) return false;
    imported ??= importKeys(publicKeys);
    const given = fromBase64(signature);
    for (const key of await imported) {
      if (await crypto.subtle.verify('Ed25519', key, given, bytes)) return true;
    }
    return false;
  };
}

function importKeys(publicKeys: readonly string[]) {
  return Promise.all(
    publicKeys.map((key) => crypto.subtle.importKey('spki', fromBase64(key), { name: 'Ed25519' }, false, ['verify'])),
  );
}
