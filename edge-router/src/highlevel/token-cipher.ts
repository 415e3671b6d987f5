// Tokens at rest: AES-256-GCM under a key derived from one secret (HKDF-SHA-256), a fresh nonce each time, bound to what
// the token is for, so that one row's cannot be put into another.

import { fromBase64, toBase64 } from '../rules/base64.ts';

const ALGORITHM = 'AES-GCM';
const NONCE_BYTES = 12;
const FORMAT = 'v1';

const encoder = new TextEncoder();

export interface TokenCipher {
  /** `purpose` must be the same to open it again. */
  readonly seal: (token: string, purpose: string) => Promise<string>;
  /** Null for what another key or purpose sealed, and for what is no sealed token. */
  readonly open: (sealed: string, purpose: string) => Promise<string | null>;
}

/** The key is derived once, on first use. */
export function createTokenCipher(secret: string): TokenCipher {
  let derived: ReturnType<typeof deriveKey> | null = null;
  const findKey = (): ReturnType<typeof deriveKey> => (derived ??= deriveKey(secret));
  return {
    seal: async (token, purpose) => {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const parameters = { name: ALGORITHM, iv, additionalData: encoder.encode(purpose) };
      const sealed = await crypto.subtle.encrypt(parameters, await findKey(), encoder.encode(token));
      return `${FORMAT}.${toBase64(iv)}.${toBase64(new Uint8Array(sealed))}`;
    },
    open: async (sealed, purpose) => {
      const [format, nonce, text] = sealed.split('.');
      const iv = readBase64(nonce ?? '');
      const bytes = readBase64(text ?? '');
      if (format !== FORMAT || !iv || !bytes) return null;
      try {
        const parameters = { name: ALGORITHM, iv, additionalData: encoder.encode(purpose) };
        return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, await findKey(), bytes));
      } catch {
        return null;
      }
    },
  };
}

async function deriveKey(secret: string) {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey']);
  const derivation = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('switchyard highlevel tokens'),
  };
  return crypto.subtle.deriveKey(derivation, material, { name: ALGORITHM, length: 256 }, false, ['encrypt', 'decrypt']);
}

function readBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return fromBase64(text);
  } catch {
    return null;
  }
}
