import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isProcessAlive } from './child-processes.ts';
import { findFreePort } from './ports.ts';
import { startRedis } from './redis.ts';
import type { RedisServer } from './redis.ts';

let dataDir: string;
const running: RedisServer[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'switchyard-redis-'));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(`${dataDir}.log`, { force: true });
});

async function start(where: string | null): Promise<RedisServer> {
  const server = await startRedis({ port: await findFreePort(), dataDir: where });
  running.push(server);
  return server;
}

/** One inline command, and the reply's bytes as text. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
}

test.each(['stop', 'kill'] as const)('with a data folder, what was written is there after %s', async (end) => {
  const first = await start(dataDir);
  expect(await ask(first.port, 'SET kept 7')).toBe('+OK\r\n');
  await first[end]();
  const second = await start(dataDir);
  expect(await ask(second.port, 'GET kept')).toBe('$1\r\n7\r\n');
});

test('without a data folder every start is empty', async () => {
  const first = await start(null);
  await ask(first.port, 'SET lost 7');
  await first.stop();
  const second = await start(null);
  expect(await ask(second.port, 'DBSIZE')).toBe(':0\r\n');
});

test('a taken port is refused with the name of the part', async () => {
  const { port } = await start(null);
  await expect(startRedis({ port, dataDir: null })).rejects.toThrow(`Port ${port} (redis) is taken by another program`);
});

test('the server stops by itself when the process that started it is killed', async () => {
  const options = { dataDir: null, port: await findFreePort() };
  const code = `const { startRedis } = await import(${JSON.stringify(new URL('./redis.ts', import.meta.url).href)});
    console.log((await startRedis(${JSON.stringify(options)})).pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => {
    createInterface(parent.stdout).once('line', (line) => resolve(Number(line)));
  });
  expect(isProcessAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  while (isProcessAlive(pid)) await delay(20);
});
