// The Web's `crypto.subtle` answers through promises, each of which costs more than hashing so little; hence a library that
// computes here.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 of a text's UTF-8 bytes, in lower-case hex. */
export function hashText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

export type KeyedHash = (text: string) => string;

/** HMAC-SHA-256 under one key, in lower-case hex. What depends on the key alone is computed once. */
export function createKeyedHash(key: string): KeyedHash {
  const keyed = hmac.create(sha256, utf8ToBytes(key));
  return (text) => bytesToHex(keyed.clone().update(utf8ToBytes(text)).digest());
}
