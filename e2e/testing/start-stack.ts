// Vitest's globalSetup: a fresh stack with a fresh n8n, by the command that people use. What it leaves behind to look at (logs,
// n8n's database, pictures) is in .local/e2e until the next run.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { endWithParent, hasExited, readLastLines, stopChild } from '../../local/child-processes.ts';
import { readJsonFile } from '../../local/stack/private-file.ts';
import { PROJECT } from '../../local/stack/local-folder.ts';
import { e2eStackSchema, type E2eStack } from './stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    e2eStack: E2eStack;
    e2eFolder: string;
  }
}

/** n8n's install, 2.9 GB, is in it where there is none yet. */
const START_TIMEOUT_MS = 20 * 60_000;
const POLL_MS = 500;
const PORT_OFFSET = '14000';
const STOP_STEPS = [{ signal: 'SIGINT', patienceMs: 60_000 }] as const;

const folder = join(PROJECT, '.local/e2e');

/** SWITCHYARD_E2E_STACK names the stack.json of a stack that runs already: quicker while a test is written, but not fresh. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  project.provide('e2eFolder', folder);
  const running = process.env['SWITCHYARD_E2E_STACK'];
  if (running !== undefined) {
    mkdirSync(folder, { recursive: true });
    project.provide('e2eStack', e2eStackSchema.parse(readJsonFile(running)?.content));
    return async () => undefined;
  }
  const startedMs = performance.now();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const child = startStack();
  const stop = () => stopChild(child, STOP_STEPS);
  try {
    project.provide('e2eStack', await waitForStack(child));
  } catch (error) {
    await stop();
    throw error;
  }
  console.log(`The stack for e2e is up after ${Math.round((performance.now() - startedMs) / 1000)} s.`);
  return stop;
}

const logFile = join(folder, 'start.log');

function startStack(): ChildProcess {
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, ['local/start.ts', '--no-demo'], {
    cwd: PROJECT,
    env: {
      ...withoutTestMarks(process.env),
      SWITCHYARD_LOCAL_DIR: folder,
      SWITCHYARD_PORT_OFFSET: process.env['SWITCHYARD_PORT_OFFSET'] ?? PORT_OFFSET,
    },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  endWithParent(child, 'INT');
  return child;
}

/** n8n starts otherwise, or not at all, where it takes itself for its own tests. */
function withoutTestMarks(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isMark = (name: string) => name === 'NODE_ENV' || name === 'TEST' || name.startsWith('VITEST');
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isMark(name)));
}

async function waitForStack(child: ChildProcess): Promise<E2eStack> {
  const file = join(folder, 'stack.json');
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(file) && !hasExited(child) && Date.now() < deadlineMs) await delay(POLL_MS);
  const parsed = e2eStackSchema.safeParse(readJsonFile(file)?.content);
  if (parsed.success) return parsed.data;
  throw new Error(`The stack came up without n8n, or not at all:\n${readLastLines(logFile)}`);
}
