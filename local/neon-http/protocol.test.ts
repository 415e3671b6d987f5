import { expect, test } from 'vitest';
import { parseSqlRequest, toText } from './protocol.ts';

const headers = { 'neon-raw-text-output': 'true' };

test.each([
  [null, null],
  ['a "quoted" text', 'a "quoted" text'],
  [1.5, '1.5'],
  [true, 'true'],
  [{ a: [1] }, '{"a":[1]}'],
  [[1, null, 'a"\\b', [true]], String.raw`{"1",NULL,"a\"\\b",{"true"}}`],
  [[{ a: 'b' }], String.raw`{"{\"a\":\"b\"}"}`],
])('the parameter %j becomes the text %j', (parameter, text) => {
  expect(toText(parameter)).toBe(text);
});

test("a batch's statement may ask for another row mode than the header", () => {
  const body = JSON.stringify({ queries: [{ query: 'select 1', arrayMode: false }, { query: 'select 2' }] });
  const parsed = parseSqlRequest({ ...headers, 'neon-array-mode': 'true' }, body);
  expect(parsed).toMatchObject({
    ok: true,
    value: { kind: 'batch', batch: { statements: [{ rowsAsArrays: false }, { rowsAsArrays: true }] } },
  });
});

test.each([
  ['no JSON', 'select 1', headers],
  ['no query', '{}', headers],
  ['params that are no list', '{"query":"select 1","params":"1"}', headers],
  ['a batch that is no list', '{"queries":{}}', headers],
  ['an unknown isolation level', '{"queries":[]}', { ...headers, 'neon-batch-isolation-level': 'toString' }],
  ['no raw text output', '{"query":"select 1"}', {}],
])('%s is refused', (_name, body, given) => {
  expect(parseSqlRequest(given, body).ok).toBe(false);
});
