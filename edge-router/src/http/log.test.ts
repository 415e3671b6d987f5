import { expect, it } from 'vitest';
import { createJsonLog } from './log.ts';

it('writes one line of JSON, and of an error its name, code and frames but never its message', () => {
  const lines: string[] = [];
  const cause = Object.assign(new Error('Key (email)=(private@example.com) already exists'), { code: '23505' });
  const error = new TypeError('command was: ["SET","private@example.com"]\nprivate@example.com', { cause });
  createJsonLog((line) => lines.push(line))({ event: 'request_failed', requestId: 'r-1', error });
  expect(lines).toHaveLength(1);
  const [line = ''] = lines;
  expect(line).not.toContain('private@');
  expect(JSON.parse(line)).toEqual({
    event: 'request_failed',
    requestId: 'r-1',
    error: {
      name: 'TypeError',
      at: expect.stringContaining('log.test.ts'),
      cause: { name: 'Error', code: '23505', at: expect.any(String) },
    },
  });
});

it('says what kind of thing was thrown when it is no error', () => {
  const lines: string[] = [];
  createJsonLog((line) => lines.push(line))({ event: 'x', error: 'a secret text' });
  expect(lines).toEqual(['{"event":"x","error":{"name":"string"}}']);
});
