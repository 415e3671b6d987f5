import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseInput, parseJson, readBodyText, readRequestText } from './body.ts';

describe('JSON with characters that Postgres cannot store', () => {
  it.each([
    ['a null character in a value', String.raw`{"name":"Ann\u0000Lee"}`, { name: 'Ann Lee' }],
    ['half of a surrogate pair', String.raw`{"name":"Ann\ud83d"}`, { name: 'Ann\uFFFD' }],
    ['either in a key', String.raw`{"a\u0000b":{"c\udc00":1}}`, { 'a b': { 'c\uFFFD': 1 } }],
    ['either in a list', String.raw`[["\u0000",null,true,1.5]]`, [[' ', null, true, 1.5]]],
    ['a whole surrogate pair, which stays', String.raw`{"name":"\ud83d\ude00"}`, { name: '😀' }],
    ['an escaped backslash before what looks like one, which stays', String.raw`"\\u0000"`, String.raw`\u0000`],
  ])('is read without them: %s', (_name, text, expected) => {
    expect(parseJson(text)).toEqual({ ok: true, value: expected });
  });

  it('keeps a key named __proto__ a key, which a strict schema then refuses', () => {
    const parsed = parseJson(String.raw`{"__proto__":{"name":"x"},"other":"\u0000"}`);
    const checked = parseInput(z.strictObject({ other: z.string() }), parsed.ok ? parsed.value : null);
    expect(checked).toMatchObject({ ok: false, error: { errors: [{ field: '__proto__', code: 'unknown_field' }] } });
  });
});

describe('the text of a body', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>): Request =>
    new Request('https://router.test/', { method: 'POST', body });

  /** With the Content-Length that HTTP/1.1 gives a body that is sent whole. */
  const postWhole = (body: string | Uint8Array<ArrayBuffer>): Request => {
    const contentLength = String(typeof body === 'string' ? new TextEncoder().encode(body).length : body.length);
    return new Request('https://router.test/', { method: 'POST', body, headers: { 'content-length': contentLength } });
  };

  it.each([
    ['not UTF-8', Uint8Array.of(0x48, 0xe1), { ok: false, error: { kind: 'invalid_encoding' } }],
    ['with a byte order mark', '\uFEFFHárbor', { ok: true, value: 'Hárbor' }],
    ['as long as the limit', 'x'.repeat(100), { ok: true, value: 'x'.repeat(100) }],
    ['longer', 'x'.repeat(101), { ok: false, error: { kind: 'body_too_large', limitBytes: 100 } }],
    ['empty', '', { ok: true, value: '' }],
  ])('%s is read the same at once and in parts', async (_name, body, expected) => {
    expect(await readRequestText(postWhole(body), 100)).toEqual(expected);
    expect(await readRequestText(post(body), 100)).toEqual(expected);
  });

  it('that is longer than its Content-Length says is refused all the same', async () => {
    const request = new Request('https://router.test/', {
      method: 'POST',
      body: 'x'.repeat(101),
      headers: { 'content-length': '5' },
    });
    expect(await readRequestText(request, 100)).toMatchObject({ ok: false, error: { kind: 'body_too_large' } });
  });

  it('is refused when it is not UTF-8, and read without its byte order mark when it is', async () => {
    const latin1 = Uint8Array.of(0x48, 0xe1, 0x72, 0x62, 0x6f, 0x72);
    expect(await readBodyText(post(latin1), 100)).toEqual({ ok: false, error: { kind: 'invalid_encoding' } });
    const cutOff = new TextEncoder().encode('H\u00e1').slice(0, 2);
    expect(await readBodyText(post(cutOff), 100)).toEqual({ ok: false, error: { kind: 'invalid_encoding' } });
    expect(await readBodyText(post('\uFEFFHárbor 😀'), 100)).toEqual({ ok: true, value: 'Hárbor 😀' });
  });

  it('is never held beyond its limit, which is inclusive', async () => {
    expect(await readBodyText(post('x'.repeat(100)), 100)).toEqual({ ok: true, value: 'x'.repeat(100) });
    expect(await readBodyText(post('x'.repeat(101)), 100)).toEqual({
      ok: false,
      error: { kind: 'body_too_large', limitBytes: 100 },
    });
  });
});
