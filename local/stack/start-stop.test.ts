// The whole stack for real: npm start's script in a folder and on ports of its own.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { hasExited } from '../child-processes.ts';
import { assertPortFree, shiftPorts } from '../ports.ts';
import { eventually } from '../testing/eventually.ts';
import { PROJECT } from './local-folder.ts';
import { identifyProcess } from './process-identity.ts';

/** Ten seconds on idle cores; it ends what hangs. */
const START_TIMEOUT_MS = 300_000;
const OFFSETS = { from: 10_000, step: 100, count: 100 } as const;

const stackSchema = z.object({ edge: z.string(), apiKey: z.string(), pids: z.record(z.string(), z.number()) });

let folder = '';
let env: NodeJS.ProcessEnv = {};
let offset = '';
let started: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-start-'));
  // PostgreSQL's own account, where root lends it the work, must pass through.
  chmodSync(folder, 0o711);
  offset = await findFreeOffset();
  env = { ...process.env, SWITCHYARD_LOCAL_DIR: folder, SWITCHYARD_PORT_OFFSET: offset };
});

/** Also after a test that failed in the middle: the next one takes the same ports. */
afterEach(async () => {
  for (const child of started) {
    if (hasExited(child)) continue;
    const exited = waitForExit(child);
    child.kill('SIGTERM');
    await exited;
  }
  started = [];
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'it comes up, answers, refuses a second start, and Ctrl-C leaves no process behind',
  { timeout: START_TIMEOUT_MS },
  async () => {
    const start = startStack();
    const { edge, apiKey, pids } = await waitForStack(start);

    const lead = { source: 'test', externalId: '1', postalCode: '10001' };
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(`${edge}/v1/leads`, { method: 'POST', headers, body: JSON.stringify(lead) });
    expect([answer.status, await answer.json()]).toMatchObject([201, { status: 'parked', replayed: false }]);
    expect(Object.keys(pids)).toEqual(
      expect.arrayContaining([
        'postgres',
        'redis',
        'neon-http',
        'upstash-redis',
        'qstash',
        'highlevel',
        'census',
        'edge-router',
      ]),
    );

    const second = run('local/start.ts', '--no-demo');
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/^Switchyard already runs here \(process \d+\)[^\n]*\n$/);

    const exited = waitForExit(start);
    start.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(findProcesses(folder)).toEqual([]);
    expect(Object.values(pids).filter((pid) => identifyProcess(pid) !== null)).toEqual([]);
    expect(readdirSync(folder)).not.toContain('stack.json');
  },
);

test('a signal in the middle of starting ends what has started', { timeout: START_TIMEOUT_MS }, async () => {
  const start = startStack();
  await eventually(() => expect(findProcesses(folder).length).toBeGreaterThan(2), { timeoutMs: START_TIMEOUT_MS });
  const exited = waitForExit(start);
  start.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(findProcesses(folder)).toEqual([]);
});

test('a taken port is told in one line before anything starts', async () => {
  const holder = createServer();
  holder.listen(shiftPorts(offset).qstash, '127.0.0.1');
  await once(holder, 'listening');
  try {
    const { status, stdout, stderr } = run('local/start.ts', '--no-demo');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Port \d+ \(qstash\) is taken by another program: [^\n]*\n$/);
    expect(stdout).toBe('');
  } finally {
    holder.close();
  }
});

test('a port offset that is no number is told in one line', () => {
  const { status, stdout, stderr } = run('local/start.ts', '--no-demo', { SWITCHYARD_PORT_OFFSET: 'far' });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^SWITCHYARD_PORT_OFFSET must be a whole number [^\n]*"far"\n$/);
});

/**
 * Below the range that outgoing connections take their ports from, so that none of them is in the way by chance; from anywhere on,
 * so that the tests of two checkouts at the same moment do not choose the same.
 */
async function findFreeOffset(): Promise<string> {
  const first = randomInt(OFFSETS.count);
  for (let tried = 0; tried < OFFSETS.count; tried += 1) {
    const offset = String(OFFSETS.from + OFFSETS.step * ((first + tried) % OFFSETS.count));
    const wanted = Object.entries(shiftPorts(offset));
    const taken = await Promise.allSettled(wanted.map(([name, port]) => assertPortFree({ name, port })));
    if (taken.every(({ status }) => status === 'fulfilled')) return offset;
  }
  throw new Error('There is no free run of ports.');
}

/** What it says goes into `start.log` of the folder. */
function startStack(): ChildProcess {
  const log = openSync(join(folder, 'start.log'), 'w');
  const child = spawn(process.execPath, ['local/start.ts', '--no-demo', '--no-n8n'], {
    cwd: PROJECT,
    env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  started.push(child);
  return child;
}

function run(script: string, option: string, settings: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [script, option], {
    cwd: PROJECT,
    env: { ...env, ...settings },
    encoding: 'utf8',
    timeout: START_TIMEOUT_MS,
  });
}

function waitForStack(start: ChildProcess) {
  const up = eventually(() => stackSchema.parse(JSON.parse(readFileSync(join(folder, 'stack.json'), 'utf8'))), {
    timeoutMs: START_TIMEOUT_MS,
    intervalMs: 50,
  });
  const ended = waitForExit(start).then((code) => {
    throw new Error(`npm start ended with ${code}:\n${readFileSync(join(folder, 'start.log'), 'utf8')}`);
  });
  return Promise.race([up, ended]);
}

function waitForExit(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('exit', resolve);
  });
}

/** By the environment they have inherited: every process of a stack knows its folder. */
function findProcesses(localDir: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SWITCHYARD_LOCAL_DIR=${localDir}\0`);
    } catch {
      return false;
    }
  });
}
