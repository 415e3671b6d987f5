/** One line without control characters, spaces single, accents composed; null when nothing is left. */
export function toPlainText(raw: string): string | null {
  const text = raw
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s\u200B\uFEFF]+/gu, ' ')
    .trim();
  return text === '' ? null : text;
}
