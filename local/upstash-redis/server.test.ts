import { Redis } from '@upstash/redis';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createTestRedis } from '../testing/test-redis.ts';
import type { TestRedis } from '../testing/test-redis.ts';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await createTestRedis();
  redis = server.redis;
});

beforeEach(async () => {
  await redis.flushall();
});

afterAll(() => server.stop());

type RawRequest = { path?: string; method?: string; body?: string; token?: string; headers?: Record<string, string> };

async function requestRaw({ path = '/', method = 'POST', body, token = server.token, headers = {} }: RawRequest) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

/** As applications set it: values parsed, pipelines made by themselves. */
function createDefaultClient(options: { token?: string } = {}): Redis {
  return new Redis({ url: server.url, token: options.token ?? server.token, retry: false, enableTelemetry: false });
}

test('strings, numbers, lists, sets, hashes and sorted sets come and go', async () => {
  expect(await redis.set('s', 'value', { ex: 100, nx: true })).toBe('OK');
  expect(await redis.set('s', 'other', { nx: true })).toBeNull();
  expect(await redis.get('s')).toBe('value');
  expect(await redis.ttl('s')).toBe(100);
  expect(await redis.incrby('n', 41)).toBe(41);
  expect(await redis.rpush('l', 'a', 'b', 'c')).toBe(3);
  expect(await redis.lrange('l', 0, -1)).toEqual(['a', 'b', 'c']);
  expect(await redis.sadd('set', 'x', 'y')).toBe(2);
  expect((await redis.smembers('set')).toSorted()).toEqual(['x', 'y']);
  expect(await redis.hset('h', { a: '1', b: '02134' })).toBe(2);
  expect(await createDefaultClient().hgetall('h')).toEqual({ a: 1, b: '02134' });
  expect(await redis.zadd('z', { score: 1.5, member: 'm' }, { score: 3, member: 'n' })).toBe(2);
  expect(await redis.zrange('z', 0, -1, { withScores: true })).toEqual(['m', '1.5', 'n', '3']);
  expect(await redis.mget('s', 'missing', 'n')).toEqual(['value', null, '41']);
  expect(await redis.ping()).toBe('PONG');
});

test.each(['Zürich 🍍 "q" \\', 'OK', '', 'line\r\nline', '\u0000\u0001', '{"a":1}', '+OK', '-ERR'])(
  'the text %j comes back as it is',
  async (text) => {
    await redis.set('k', text);
    expect(await redis.get('k')).toBe(text);
    expect(await redis.eval('return {ARGV[1], {ARGV[1]}}', [], [text])).toEqual([text, [text]]);
  },
);

test('base64 covers every string at any depth, and leaves numbers, nulls, the status OK and errors', async () => {
  const script = "return {'text', 7, false, {'deep'}, redis.status_reply('OK'), redis.status_reply('PONG')}";
  const { json } = await requestRaw({
    path: '/pipeline',
    body: JSON.stringify([
      ['EVAL', script, 0],
      ['SET', 'k', 'OK'],
      ['GET', 'k'],
      ['INCR', 'k'],
    ]),
    headers: { 'upstash-encoding': 'base64' },
  });
  expect(json).toEqual([
    { result: ['dGV4dA==', 7, null, ['ZGVlcA=='], 'OK', 'UE9ORw=='] },
    { result: 'OK' },
    { result: 'T0s=' },
    { error: 'ERR value is not an integer or out of range' },
  ]);
});

test('bytes that are no UTF-8 are exact in base64 and U+FFFD without it', async () => {
  const command = { body: JSON.stringify(['EVAL', String.raw`return '\255\0a'`, 0]) };
  expect((await requestRaw({ ...command, headers: { 'upstash-encoding': 'base64' } })).json).toEqual({
    result: '/wBh',
  });
  expect((await requestRaw(command)).json).toEqual({ result: '\uFFFD\u0000a' });
});

test('a pipeline answers in order and goes on after an error', async () => {
  const pipeline = redis.pipeline().set('k', 'text').incr('k').get('k');
  expect(await pipeline.exec({ keepErrors: true })).toEqual([
    { result: 'OK', error: undefined },
    { result: undefined, error: 'ERR value is not an integer or out of range' },
    { result: 'text', error: undefined },
  ]);
});

test('a pipeline gives a refused or malformed command its error in place', async () => {
  const body = JSON.stringify([['SET', 'k', '1'], ['BLPOP', 'k', '0'], [], ['GET', 'k']]);
  const { status, json } = await requestRaw({ path: '/pipeline', body });
  expect(status).toBe(200);
  expect(json).toEqual([
    { result: 'OK' },
    { error: expect.stringContaining("ERR Command is not available: 'BLPOP'") },
    { error: 'ERR failed to parse command' },
    { result: '1' },
  ]);
});

test('a transaction answers what each command answers', async () => {
  expect(await redis.multi().set('k', '1').incr('k').get('k').exec()).toEqual(['OK', 2, '2']);
});

test('a command that fails while a transaction runs is an error in its place', async () => {
  const body = JSON.stringify([
    ['SET', 'k', 'text'],
    ['INCR', 'k'],
    ['GET', 'k'],
  ]);
  const { status, json } = await requestRaw({ path: '/multi-exec', body });
  expect(status).toBe(200);
  expect(json).toEqual([
    { result: 'OK' },
    { error: 'ERR value is not an integer or out of range' },
    { result: 'text' },
  ]);
});

test.each([
  [['GET'], "ERR wrong number of arguments for 'get' command"],
  [['BLPOP', 'k', '0'], "ERR Command is not available: 'BLPOP'"],
  [[], 'ERR failed to parse command'],
])('a transaction with %j does nothing at all and is status 400', async (bad, error) => {
  const body = JSON.stringify([['SET', 'k', '1'], bad]);
  const { status, json } = await requestRaw({ path: '/multi-exec', body });
  expect(status).toBe(400);
  expect(json).toEqual({ error: expect.stringContaining(error) });
  expect(await redis.exists('k')).toBe(0);
});

test('transactions and single commands sent at once never mix', async () => {
  const transactions = Array.from({ length: 100 }, async (_, index) => {
    const [one, , two] = await redis
      .multi()
      .incr('n')
      .set(`own:${index}`, 'x')
      .incr('n')
      .exec<[number, string, number]>();
    expect(two).toBe(one + 1);
  });
  // A command inside another request's MULTI would be answered with "QUEUED".
  const singles = Array.from({ length: 100 }, async (_, index) => {
    expect(await redis.set(`single:${index}`, 'x')).toBe('OK');
  });
  const pipelines = Array.from({ length: 50 }, async (_, index) => {
    expect(await redis.pipeline().echo(`p${index}`).incrby('m', 1).exec()).toEqual([`p${index}`, expect.any(Number)]);
  });
  await Promise.all([...transactions, ...singles, ...pipelines]);
  expect(await redis.mget('n', 'm')).toEqual(['200', '50']);
});

test('GEOADD and GEOSEARCH find what is near', async () => {
  await redis.geoadd(
    'geo',
    { longitude: -104.99, latitude: 39.74, member: 'denver' },
    { longitude: -105.27, latitude: 40.01, member: 'boulder' },
    { longitude: -111.89, latitude: 40.76, member: 'salt-lake-city' },
  );
  const found = await createDefaultClient().geosearch(
    'geo',
    { type: 'FROMLONLAT', coordinate: { lon: -105, lat: 39.75 } },
    { type: 'BYRADIUS', radius: 50, radiusType: 'MI' },
    'ASC',
    { withDist: true, withCoord: true, count: { limit: 5 } },
  );
  expect(found.map(({ member }) => member)).toEqual(['denver', 'boulder']);
  expect(Number(found[1]?.dist)).toBeCloseTo(23.2, 0);
  expect(Number(found[0]?.coord?.long)).toBeCloseTo(-104.99, 3);
});

test('by default the client parses values, and makes one pipeline of what is asked at once', async () => {
  const client = createDefaultClient();
  await client.set('object', { a: [1, 'ü'] });
  const requests = vi.spyOn(globalThis, 'fetch');
  const answers = await Promise.all([client.get('object'), client.get('missing'), client.mget('object')]);
  expect(answers).toEqual([{ a: [1, 'ü'] }, null, [{ a: [1, 'ü'] }]]);
  expect(requests).toHaveBeenCalledOnce();
  requests.mockRestore();
});

test('a command that fails is status 400 and an UpstashError with the words of Redis', async () => {
  await redis.set('k', 'text');
  await expect(redis.lpush('k', 'x')).rejects.toThrow(
    /^WRONGTYPE Operation against a key holding the wrong kind of value, command was/,
  );
  expect((await requestRaw({ body: '["INCR","k"]' })).status).toBe(400);
  expect((await requestRaw({ body: '["NOSUCH"]' })).json).toEqual({
    error: expect.stringMatching(/^ERR unknown command 'NOSUCH'/),
  });
});

test.each([
  ['no JSON', { body: 'GET k' }, 'ERR failed to parse the request body as JSON'],
  ['no command', { body: '{}' }, 'ERR failed to parse command'],
  ['a flat pipeline', { path: '/pipeline', body: '["GET","k"]' }, 'ERR failed to parse commands'],
  ['an empty pipeline', { path: '/pipeline', body: '[]' }, 'ERR empty pipeline request'],
  ['a bad escape in the path', { path: '/get/%E0%A4%A', method: 'GET' }, 'ERR failed to parse command'],
])('%s is status 400', async (_name, request, error) => {
  const { status, json } = await requestRaw(request);
  expect(status).toBe(400);
  expect(json).toEqual({ error: expect.stringContaining(error) });
});

test('a request over 10 MB is status 413 and says both sizes', async () => {
  const body = JSON.stringify(['SET', 'k', 'x'.repeat(10 * 1024 * 1024)]);
  const { status, json } = await requestRaw({ body });
  expect(status).toBe(413);
  expect(json).toEqual({
    error: `ERR max request size exceeded. Limit: 10485760 bytes, Actual: ${body.length} bytes`,
  });
});

test('a command may stand in the path, with the body as last argument and options as query', async () => {
  expect((await requestRaw({ path: '/set/a%2Fb?EX=100', body: 'the value' })).json).toEqual({ result: 'OK' });
  expect((await requestRaw({ path: '/get/a%2Fb', method: 'GET' })).json).toEqual({ result: 'the value' });
  expect(await redis.ttl('a/b')).toBe(100);
  const withToken = await fetch(`${server.url}/get/a%2Fb?_token=${server.token}`);
  expect(await withToken.json()).toEqual({ result: 'the value' });
});

test('another method is status 405', async () => {
  expect(await requestRaw({ method: 'DELETE' })).toMatchObject({
    status: 405,
    json: { error: 'ERR Method Not Allowed' },
  });
});

test('a wrong or missing token is status 401', async () => {
  await expect(createDefaultClient({ token: 'wrong' }).get('k')).rejects.toThrow(
    /^WRONGPASS invalid or missing auth token/,
  );
  const response = await fetch(server.url, { method: 'POST', body: '["GET","k"]' });
  expect(response.status).toBe(401);
});

test('every answer carries a new sync token, and the client sends the last one', async () => {
  await redis.get('k');
  const first = redis.readYourWritesSyncToken;
  await redis.get('k');
  expect(first).toMatch(/^local-\d+$/);
  expect(redis.readYourWritesSyncToken).not.toBe(first);
});

test('the read-only token reads', async () => {
  const reader = createDefaultClient({ token: server.readOnlyToken });
  await redis.set('k', 'text');
  expect(await reader.get('k')).toBe('text');
  expect(await reader.ping()).toBe('PONG');
  expect(await reader.evalRo('return redis.call("GET", KEYS[1])', ['k'], [])).toBe('text');
  expect(await reader.multi().get('k').exists('k').exec()).toEqual(['text', 1]);
});

test.each([['set', 'k', 'v'], ['eval', 'return 1', '0'], ['scan', '0'], ['keys', '*'], ['flushall']])(
  'the read-only token may not %s',
  async (...command) => {
    const { status, json } = await requestRaw({ body: JSON.stringify(command), token: server.readOnlyToken });
    expect(status).toBe(400);
    expect(json).toEqual({
      error: `NOPERM this user has no permissions to run the '${command[0]}' command or its subcommand`,
    });
  },
);

test('the read-only token may not write in a pipeline or a transaction', async () => {
  const body = JSON.stringify([
    ['GET', 'k'],
    ['SET', 'k', 'v'],
  ]);
  const refused = { error: expect.stringMatching(/^NOPERM/) };
  const token = server.readOnlyToken;
  expect((await requestRaw({ path: '/pipeline', body, token })).json).toEqual([{ result: null }, refused]);
  expect((await requestRaw({ path: '/multi-exec', body, token })).json).toEqual(refused);
  expect(await redis.exists('k')).toBe(0);
});
