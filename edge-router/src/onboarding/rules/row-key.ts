import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

interface RowIdentity {
  readonly franchiseCode: string | null;
  readonly name: string;
  readonly address: string;
  /** As it is written. */
  readonly postalCode: string;
}

/** 80 bits: among a million rows two that meet by chance are not to be expected in the life of the universe. */
const HASH_LENGTH = 20;

/**
 * What a row is called everywhere: its franchise code in lower case, since people type it either way; without one,
 * `row-` and a hash of name, address and postal code, in which case, spaces, dots and accents do not matter. Two rows
 * with one key are one location.
 */
export function toRowKey({ franchiseCode, name, address, postalCode }: RowIdentity): string {
  if (franchiseCode !== null) return franchiseCode.toLowerCase();
  const parts = [name, address, postalCode].map(toComparable);
  return `row-${bytesToHex(sha256(utf8ToBytes(parts.join('\n')))).slice(0, HASH_LENGTH)}`;
}

/** What two ways to write a name or an address have in common. */
export function toComparable(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}
