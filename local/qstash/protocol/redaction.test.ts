import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseRedaction, redactBody, redactHeaders } from './redaction.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('redacted fields', () => {
  it.each([
    ['body', { body: true, headers: [] }],
    ['body, header[authorization]', { body: true, headers: ['Authorization'] }],
    ['headers[X-Api-Key],header[a-b]', { body: false, headers: ['X-Api-Key', 'A-B'] }],
    ['body,header', { body: true, headers: 'all' }],
    ['headers', { body: false, headers: 'all' }],
  ])('%s', (text, expected) => {
    expect(parseRedaction(text)).toEqual({ ok: true, value: expected });
  });

  it.each(['', 'bodies', 'header[]', 'header[a', 'body,,header'])('refuses %j', (text) => {
    expect(parseRedaction(text).ok).toBe(false);
  });

  it('shows the hash of what it hides and leaves the rest', () => {
    const redaction = { body: true, headers: ['Authorization'] };
    expect(redactBody(Buffer.from('secret'), redaction).toString()).toBe(`REDACTED:${sha256('secret')}`);
    expect(redactHeaders({ Authorization: ['Bearer x'], Accept: ['*/*'] }, redaction)).toEqual({
      Authorization: [`REDACTED:${sha256('Bearer x')}`],
      Accept: ['*/*'],
    });
  });

  it('has nothing to hide in an empty body', () => {
    expect(redactBody(Buffer.alloc(0), { body: true, headers: [] })).toHaveLength(0);
  });
});
