/** The form services are compared in: 'Drain Cleaning' and 'drain_cleaning' are both 'drain-cleaning'. Null for none. */
export function toServiceToken(text: string): string | null {
  const token = text
    .normalize('NFD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return token === '' ? null : token;
}
