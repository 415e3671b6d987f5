import { expect, it } from 'vitest';
import { decodeFile } from './decode-file.ts';

const text = 'Location Name;City\r\nCafé “Ottawa” – Montréal €;Québec\r\n';
const utf16le = Buffer.from(text, 'utf16le');

it.each([
  ['UTF-8', Buffer.from(text), 'utf-8'],
  ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`), 'utf-8'],
  ['UTF-16 with a byte order mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16le]), 'utf-16le'],
  ['UTF-16 without one', utf16le, 'utf-16le'],
  ['UTF-16 big endian with one', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16le).swap16()]), 'utf-16be'],
  ['UTF-16 big endian without one', Buffer.from(utf16le).swap16(), 'utf-16be'],
])('%s is read, which is no guess', (_, bytes, encoding) => {
  expect(decodeFile(bytes)).toEqual({ text, encoding, isGuess: false });
});

it('anything else is read as Windows-1252, which is a guess', () => {
  const bytes = Buffer.from('Caf\u00e9 \u0093Ottawa\u0094 \u0096 Montr\u00e9al \u0080', 'latin1');
  expect(decodeFile(bytes)).toEqual({ text: 'Café “Ottawa” – Montréal €', encoding: 'windows-1252', isGuess: true });
});

it('no bytes are no text, and half a letter does not fail', () => {
  expect(decodeFile(new Uint8Array()).text).toBe('');
  expect(decodeFile(Uint8Array.of(0xfe, 0xff, 0x00, 0x41, 0x00)).text).toBe('A');
});
