import { expect, test } from 'vitest';
import { parseCommand, refuseUnsupported } from './commands.ts';

test('numbers and booleans become text', () => {
  expect(parseCommand(['set', 'k', 1.5, true])).toEqual({ ok: true, value: ['set', 'k', '1.5', 'true'] });
});

test.each([[[]], [{}], ['get k'], [null], [['get', null]], [['get', ['k']]]])('%j is no command', (json) => {
  expect(parseCommand(json)).toEqual({ ok: false, error: 'ERR failed to parse command' });
});

test.each([
  ['blpop', 'k', '0'],
  ['Subscribe', 'c'],
  ['MULTI'],
  ['select', '1'],
  ['xread', 'COUNT', '1', 'block', '0', 'STREAMS', 's', '0'],
  ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '5', 'STREAMS', 's', '>'],
] as const)('%s is not available over REST', (...command) => {
  expect(refuseUnsupported(command)).toBe(
    `ERR Command is not available: '${command[0]}'. See https://upstash.com/docs/redis/overall/compatibility for details`,
  );
});

test.each([
  ['get', 'k'],
  ['xread', 'STREAMS', 'block', '0'],
  ['eval', 'return 1', '0'],
] as const)('%s %s is available', (...command) => {
  expect(refuseUnsupported(command)).toBeNull();
});
