import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** The secret of a source, made anew from its name and version whenever it is needed. */
export function makeSourceSecret(signingKey: string, { name, version }: { name: string; version: number }): string {
  return `swsrc_${bytesToHex(hmac(sha256, utf8ToBytes(signingKey), utf8ToBytes(`source:${name}:${version}`)))}`;
}

/** HMAC-SHA-256 of a body under a source's secret, in lower-case hex: what follows `sha256=` in the signature header. */
export function signBody(secret: string, body: Uint8Array): string {
  return bytesToHex(hmac(sha256, utf8ToBytes(secret), body));
}

/** In a time that does not tell where they differ. */
export function isSame(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let index = 0; index < expected.length; index++) {
    difference |= (given.codePointAt(index) ?? 0) ^ (expected.codePointAt(index) ?? 0);
  }
  return difference === 0;
}
