import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestRedis } from '../testing/test-redis.ts';
import type { TestRedis } from '../testing/test-redis.ts';

const LOCKING = '#!lua flags=allow-key-locking\n';
let server: TestRedis;

beforeAll(async () => {
  server = await createTestRedis();
});

beforeEach(async () => {
  await server.redis.flushall();
  await server.redis.scriptFlush();
});

afterAll(() => server.stop());

function dynamicKeyError(key: string): string {
  return `ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: ${key}`;
}

test('a script runs by its text, then by its hash', async () => {
  const script = server.redis.createScript<string>('return ARGV[1]');
  expect(await script.exec([], ['first'])).toBe('first');
  expect(await script.evalsha([], ['second'])).toBe('second');
});

test('a read-only script reads and may not write', async () => {
  await server.redis.set('k', 'text');
  const reader = server.redis.createScript<string, true>('return redis.call("GET", KEYS[1])', { readonly: true });
  expect(await reader.exec(['k'], [])).toBe('text');
  expect(await reader.evalshaRo(['k'], [])).toBe('text');
  const writer = server.redis.createScript<string, true>('return redis.call("SET", KEYS[1], "x")', { readonly: true });
  await expect(writer.exec(['k'], [])).rejects.toThrow('Write commands are not allowed from read-only scripts');
});

test('with allow-key-locking a script may use the keys it declares, by text and by hash', async () => {
  const source = `${LOCKING}redis.call('SET', KEYS[1], ARGV[1]) return redis.pcall('GET', KEYS[1])`;
  const script = server.redis.createScript<string>(source);
  expect(await script.exec(['k'], ['1'])).toBe('1');
  expect(await script.evalsha(['k'], ['2'])).toBe('2');
});

test.each(['call', 'pcall'])(
  'with allow-key-locking redis.%s of an undeclared key fails in exactly these words',
  async (call) => {
    const source = `${LOCKING}return redis.${call}('SET', KEYS[1] .. ':more', 'x')`;
    const { status, json } = await postCommand(['EVAL', source, '1', 'k']);
    expect(status).toBe(400);
    expect(json).toEqual({ error: dynamicKeyError('k:more') });
    const byHash = await postCommand(['EVALSHA', sha1(source), '1', 'k']);
    expect(byHash.json).toEqual({ error: dynamicKeyError('k:more') });
    expect(await server.redis.dbsize()).toBe(0);
  },
);

test('of a command with several keys each one is checked', async () => {
  const source = `${LOCKING}return redis.call('MSET', KEYS[1], 1, 'other', 2)`;
  await expect(server.redis.eval(source, ['k'], [])).rejects.toThrow(dynamicKeyError('other'));
});

test('without the flag an undeclared key is allowed', async () => {
  expect(await server.redis.eval("return redis.call('SET', 'dynamic', 'x')", [], [])).toBe('OK');
});

test('other flags stay: a no-writes script may not write', async () => {
  const source = `#!lua flags=no-writes,allow-key-locking\nreturn redis.call('SET', KEYS[1], 'x')`;
  await expect(server.redis.eval(source, ['k'], [])).rejects.toThrow(
    'Write commands are not allowed from read-only scripts',
  );
  const reading = `#!lua flags=allow-key-locking,no-writes\nreturn redis.call('GET', KEYS[1])`;
  expect(await server.redis.evalRo(reading, ['k'], [])).toBeNull();
});

test("an error's line is the line of the caller's script", async () => {
  await expect(server.redis.eval(`${LOCKING}\nerror('here')`, [], [])).rejects.toThrow('user_script:3: here');
});

test('a loaded script is called by the hash of its text, and exists by it', async () => {
  const source = `${LOCKING}return redis.call('INCR', KEYS[1])`;
  await server.redis.scriptLoad(source);
  expect(await server.redis.scriptExists(sha1(source))).toEqual([1]);
  expect(await server.redis.evalsha(sha1(source), ['n'], [])).toBe(1);
});

test('inside a transaction the error stands in its place', async () => {
  const source = `${LOCKING}return redis.call('GET', 'other')`;
  const transaction = server.redis.multi().eval(source, ['k'], []).set('k', 'v');
  await expect(transaction.exec()).rejects.toThrow(dynamicKeyError('other'));
  expect(await server.redis.get('k')).toBe('v');
});

async function postCommand(command: string[]): Promise<{ status: number; json: unknown }> {
  const response = await fetch(server.url, {
    method: 'POST',
    body: JSON.stringify(command),
    headers: { authorization: `Bearer ${server.token}` },
  });
  return { status: response.status, json: await response.json() };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
