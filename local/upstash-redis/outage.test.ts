import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from '../ports.ts';
import { startRedis } from '../redis.ts';
import type { RedisServer } from '../redis.ts';
import { startUpstashRedis } from './server.ts';
import type { UpstashRedisServer } from './server.ts';

const UNREACHABLE = { status: 503, json: { error: expect.stringMatching(/^ERR Redis is unreachable: /) } };
let redis: RedisServer;
let rest: UpstashRedisServer;

beforeEach(async () => {
  redis = await startRedis({ port: await findFreePort(), dataDir: null });
  const tokens = { token: 'secret', readOnlyToken: 'reader' };
  rest = await startUpstashRedis({ port: 0, redis: { host: '127.0.0.1', port: redis.port }, ...tokens });
});

afterEach(async () => {
  await rest.stop();
  await redis.kill();
});

async function post(body: string, path = '/'): Promise<{ status: number; json: unknown }> {
  const headers = { authorization: 'Bearer secret' };
  const response = await fetch(`${rest.url}${path}`, { method: 'POST', body, headers });
  return { status: response.status, json: await response.json() };
}

test('while Redis is down every request is answered with status 503, and works again once it is back', async () => {
  expect(await post('["SET","k","v"]')).toEqual({ status: 200, json: { result: 'OK' } });
  await redis.kill();
  expect(await post('["GET","k"]')).toEqual(UNREACHABLE);
  expect(await post('[["GET","k"]]', '/pipeline')).toEqual(UNREACHABLE);
  expect(await post('[["GET","k"]]', '/multi-exec')).toEqual(UNREACHABLE);

  redis = await startRedis({ port: redis.port, dataDir: null });
  expect(await post('["GET","k"]')).toEqual({ status: 200, json: { result: null } });
});

test('requests that wait for an answer when Redis dies are answered too', async () => {
  await post('["PING"]');
  process.kill(redis.pid, 'SIGSTOP');
  const waiting = Promise.all([post('["GET","k"]'), post('[["GET","k"],["GET","l"]]', '/pipeline')]);
  // Answered without Redis, after the two above have arrived.
  expect(await post('[]')).toMatchObject({ status: 400 });
  await redis.kill();
  expect(await waiting).toEqual([UNREACHABLE, UNREACHABLE]);
});

test('a Redis that hangs is an error after the timeout though requests go on arriving, and is used again once it goes on', async () => {
  await post('["PING"]');
  process.kill(redis.pid, 'SIGSTOP');
  const first = post('["GET","k"]');
  const others: Promise<unknown>[] = [];
  const arriving = setInterval(() => others.push(post('["GET","k"]')), 100);
  expect(await first).toEqual({ status: 503, json: { error: expect.stringContaining('no answer within') } });
  clearInterval(arriving);

  process.kill(redis.pid, 'SIGCONT');
  await Promise.all(others);
  expect(await post('["SET","k","v"]')).toEqual({ status: 200, json: { result: 'OK' } });
});

test('a taken port is refused with the name of the part', async () => {
  const options = { redis: { host: '127.0.0.1', port: redis.port }, token: 'secret', readOnlyToken: 'reader' };
  await expect(startUpstashRedis({ port: rest.port, ...options })).rejects.toThrow(
    `Port ${rest.port} (upstashRedis) is taken by another program`,
  );
});
