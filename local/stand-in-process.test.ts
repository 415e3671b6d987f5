import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { closeServer, listenOnLoopback } from './http-server.ts';

const readySchema = z.strictObject({ ready: z.literal(true), port: z.number().int().positive() });
const holder = createServer();
let takenPort: number;

beforeAll(async () => {
  takenPort = await listenOnLoopback(holder, { name: 'the test', port: 0 });
});

afterAll(() => closeServer(holder));

function run(main: string, port: number) {
  const child = spawn(process.execPath, [main], {
    cwd: import.meta.dirname,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exitCode = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  return { child, exitCode };
}

async function readAll(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

test.each(['neon-http/main.ts', 'upstash-redis/main.ts', 'census/main.ts'])(
  '%s says when it listens and stops on SIGTERM',
  async (main) => {
    const { child, exitCode } = run(main, 0);
    const line = await new Promise<string>((resolve) => {
      child.stdout.once('data', (data) => resolve(String(data)));
    });
    const { port } = readySchema.parse(JSON.parse(line));
    expect((await fetch(`http://127.0.0.1:${port}/nowhere`)).status).toBeGreaterThanOrEqual(400);
    child.kill('SIGTERM');
    expect(await exitCode).toBe(0);
  },
);

test.each([
  ['neon-http/main.ts', 'neonHttp'],
  ['upstash-redis/main.ts', 'upstashRedis'],
  ['census/main.ts', 'census'],
])('%s exits with one clear line when its port is taken', async (main, name) => {
  const { child, exitCode } = run(main, takenPort);
  const said = await readAll(child.stderr);
  expect(await exitCode).toBe(1);
  expect(said).toMatch(new RegExp(`^Port ${takenPort} \\(${name}\\) is taken by another program: [^\n]*\n$`));
});
