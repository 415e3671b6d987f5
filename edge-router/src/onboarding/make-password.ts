const LENGTH = 28;
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/**
 * A password for a new user of HighLevel, who sets another by "forgot password": it is sent once and kept nowhere. One of
 * each kind that HighLevel demands is at its end.
 */
export function makePassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH));
  // 57 letters out of 256 are a little uneven, which 28 of them make up for.
  const letters = Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length] ?? 'x').join('');
  return `${letters}Aa1!`;
}
