// Parts that are programs of their own run in a process group each: the signal reaches what they spawned too (wrangler runs
// workerd and esbuild), and a terminal's Ctrl-C reaches only us, who stop them in order.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PROJECT } from './local-folder.ts';

const STOP_PATIENCE_MS = 6000;
const KILL_PATIENCE_MS = 3000;
const POLL_MS = 20;
const ORPHAN_PATIENCE_SECONDS = 3;

export type ProcessGroup = {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Ends every process of the group; bounded, since what does not go when asked is killed. */
  readonly stop: () => Promise<void>;
};

export type Command = { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv; readonly logFile: string };

const stops = new Set<() => Promise<void>>();

/** Starts Node with `args` in the project's folder, its output in `logFile`, begun anew. Nothing of it outlives this process. */
export function startProcessGroup({ args, env, logFile }: Command): ProcessGroup {
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, args, {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${args.join(' ')} could not be started.`);
  const group = child.pid;
  const watcher = endWithUs(group);
  const stop = async () => {
    await stopGroup(group);
    watcher.kill('SIGKILL');
    stops.delete(stop);
  };
  stops.add(stop);
  return { pid: group, child, stop };
}

/** Also those that are still starting and that nobody else holds yet. */
export async function stopAllProcessGroups(): Promise<void> {
  await Promise.all([...stops].map((stop) => stop()));
}

async function stopGroup(group: number): Promise<void> {
  signalGroup(group, 'SIGTERM');
  if (await waitUntilGone(group, STOP_PATIENCE_MS)) return;
  signalGroup(group, 'SIGKILL');
  await waitUntilGone(group, KILL_PATIENCE_MS);
}

async function waitUntilGone(group: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isGroupAlive(group)) {
    if (Date.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

export function isGroupAlive(group: number): boolean {
  return signalGroup(group, 0);
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/** A shell that waits on a pipe from us: our end, even by kill -9, closes it. In a session of its own, out of Ctrl-C's reach. */
function endWithUs(group: number): ChildProcess {
  const script = `read -r _; kill -TERM "-$1" 2>/dev/null && sleep ${ORPHAN_PATIENCE_SECONDS} && kill -KILL "-$1" 2>/dev/null`;
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', String(group)], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.on('error', () => undefined);
  watcher.unref();
  return watcher;
}
