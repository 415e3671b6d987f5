// The first thing that runs on a new machine: here in a checkout of its own with one package to install, by the real npm.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from './ports.ts';

let checkout = '';
let lockFile = '';

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'switchyard-bootstrap-'));
  lockFile = join(checkout, '.local', 'install.lock');
  for (const folder of ['local', '.local']) mkdirSync(join(checkout, folder));
  copyFileSync(join(import.meta.dirname, 'bootstrap.mjs'), join(checkout, 'local', 'bootstrap.mjs'));
  const root = { name: 'checkout', version: '1.0.0', dependencies: { 'not-there': '1.0.0' } };
  const packages = { '': root, 'node_modules/not-there': { version: '1.0.0', integrity: 'sha512-AAAA' } };
  writeFileSync(join(checkout, 'package.json'), JSON.stringify(root));
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify({ ...root, lockfileVersion: 3, packages }));
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

test('a registry that cannot be reached is told in one line after one more try', async () => {
  const port = await findFreePort();
  const { stdout, stderr, code } = await endOf(bootstrap({ registryPort: port }));
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^The packages could not be installed: npm ended with code 1 \([^\n]+\)\. [^\n]+npm\.log\.\n$/,
  );
  expect(stderr).toContain(`connect ECONNREFUSED 127.0.0.1:${port}`);
  expect(stdout).toContain('trying once more');
  expect(existsSync(lockFile)).toBe(false);
});

test('a lock that a dead process left behind is not waited for', async () => {
  const dead = spawn(process.execPath, ['--version']);
  await endOf(dead);
  writeFileSync(lockFile, String(dead.pid));
  const { stdout, stderr } = await endOf(bootstrap({ registryPort: await findFreePort() }));
  expect(stdout).not.toContain('waiting');
  expect(stderr).toMatch(/^The packages could not be installed/);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s in the middle of an installation ends npm with it', async (signal, exitCode) => {
  const registry = await startSilentRegistry();
  try {
    const child = bootstrap({ registryPort: registry.port });
    const end = endOf(child);
    await registry.asked;
    child.kill(signal);
    expect(await end).toMatchObject({ code: exitCode, stderr: '' });
    expect(findProcessesIn(checkout)).toEqual([]);
    expect(existsSync(lockFile)).toBe(false);
  } finally {
    registry.close();
  }
});

function bootstrap({ registryPort }: { registryPort: number }): ChildProcess {
  const settings = {
    npm_config_registry: `http://127.0.0.1:${registryPort}/`,
    npm_config_cache: join(checkout, '.local', 'cache'),
    npm_config_fetch_retries: '0',
  };
  return spawn(process.execPath, ['local/bootstrap.mjs', 'local/none.mjs'], {
    cwd: checkout,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { code, ...texts };
}

/** Takes every request and never answers it, as a download that hangs. */
async function startSilentRegistry(): Promise<{ port: number; asked: Promise<unknown>; close: () => void }> {
  const server = createServer(() => undefined);
  const asked = once(server, 'request');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, asked, close };
}

function findProcessesIn(folder: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}
