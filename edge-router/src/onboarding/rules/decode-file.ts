export interface DecodedFile {
  readonly text: string;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
  /** Nothing in the file says what it is: its accents ought to be looked at. */
  readonly isGuess: boolean;
}

const UNICODE_SAMPLE_BYTES = 4096;
/** Every second byte of a table in UTF-16 is zero, but for the few letters beyond Latin. */
const ZERO_SHARE = 0.4;

/**
 * Decodes a file as spreadsheets save them: by its byte order mark, else as UTF-16 where every second byte is zero, else as
 * UTF-8, and what is not UTF-8 as Windows-1252, in which every file is a text. Never fails.
 */
export function decodeFile(bytes: Uint8Array): DecodedFile {
  const encoding = readByteOrderMark(bytes) ?? detectUtf16(bytes);
  if (encoding === 'utf-16le') return { text: decode(bytes, 'utf-16le'), encoding, isGuess: false };
  if (encoding === 'utf-16be') return { text: decode(swapPairs(bytes), 'utf-16le'), encoding, isGuess: false };
  const text = decodeUtf8(bytes);
  if (text !== null) return { text, encoding: 'utf-8', isGuess: false };
  return { text: decodeWindows1252(bytes), encoding: 'windows-1252', isGuess: true };
}

function readByteOrderMark([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : null;
}

function detectUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const sample = bytes.subarray(0, UNICODE_SAMPLE_BYTES);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros.map((count) => count / (sample.length / 2));
  if (odd > ZERO_SHARE && even < ZERO_SHARE) return 'utf-16le';
  return even > ZERO_SHARE && odd < ZERO_SHARE ? 'utf-16be' : null;
}

function decode(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes);
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

function swapPairs(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length - (bytes.length % 2));
  for (let i = 0; i < swapped.length; i++) swapped[i] = bytes[i ^ 1] ?? 0;
  return swapped;
}

/** 0x80 to 0x9F (https://encoding.spec.whatwg.org/index-windows-1252.txt); runtimes differ in theirs, the rest is Latin-1. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ';

function decodeWindows1252(bytes: Uint8Array): string {
  return new TextDecoder('latin1')
    .decode(bytes)
    .replaceAll(/[\u0080-\u009F]/g, (letter) => WINDOWS_1252[letter.charCodeAt(0) - 0x80] ?? letter);
}
