import { createHash, randomInt, randomUUID } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 20;

/** A new id as HighLevel's look: 20 letters and digits. */
export function createId(): string {
  return Array.from({ length: ID_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** The same id for the same name, always: for what is seeded. */
export function deriveId(name: string): string {
  const digest = createHash('sha512').update(name).digest();
  return Array.from({ length: ID_LENGTH }, (_, index) => ALPHABET[(digest[index] ?? 0) % ALPHABET.length]).join('');
}

/** The prefix makes a token that has slipped into a log findable. */
export function createToken(kind: 'access' | 'refresh' | 'code'): string {
  return `sandbox-${kind}-${randomUUID()}${randomUUID()}`;
}
