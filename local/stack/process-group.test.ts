import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import * as z from 'zod';
import { identifyProcess } from './process-identity.ts';
import { isGroupAlive, startProcessGroup } from './process-group.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-group-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('stopping ends what the program has spawned too, also when it ends before its child', async () => {
  const logFile = join(folder, 'log');
  const script = `const { pid } = require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' }); console.log(pid);`;
  const group = startProcessGroup({ args: ['-e', script], env: {}, logFile });
  const printed = await eventually(() =>
    z
      .string()
      .regex(/^\d+\n$/)
      .parse(readFileSync(logFile, 'utf8')),
  );
  const grandchild = Number(printed);
  expect(identifyProcess(grandchild)).not.toBeNull();
  await group.stop();
  expect(isGroupAlive(group.pid)).toBe(false);
  await eventually(() => expect(identifyProcess(grandchild)).toBeNull());
});

test('a program that will not hear is killed', async () => {
  const logFile = join(folder, 'log');
  const script = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1e6); console.log('deaf');`;
  const group = startProcessGroup({ args: ['-e', script], env: {}, logFile });
  await eventually(() => expect(readFileSync(logFile, 'utf8')).toContain('deaf'));
  await group.stop();
  expect(isGroupAlive(group.pid)).toBe(false);
});

test('a process is told from another by when it started', () => {
  expect(identifyProcess(process.pid)).toBe(identifyProcess(process.pid));
  expect(identifyProcess(process.pid)).not.toBe(identifyProcess(1));
  expect(identifyProcess(2 ** 22 + 1)).toBeNull();
});
