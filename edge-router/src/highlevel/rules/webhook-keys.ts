/** An Ed25519 public key in SPKI is 44 bytes that begin so (RFC 8410). */
const ED25519_SPKI = /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/;

/** Keys in base64, or whole PEM blocks, separated by commas or not at all; null where one of them is no Ed25519 key. */
export function parseWebhookKeys(text: string): readonly string[] | null {
  const keys = text
    .replaceAll(/-----(BEGIN|END) PUBLIC KEY-----/g, ',')
    .replaceAll(/\\n|\s/g, '')
    .split(',')
    .filter((key) => key !== '');
  return keys.length > 0 && keys.every((key) => ED25519_SPKI.test(key)) ? keys : null;
}
