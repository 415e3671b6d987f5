// The servers of the local stack are children of the process that starts them. They share its process group, so Ctrl-C reaches
// them too; a shell waiting on a pipe ends them when that process dies without a word (kill -9).
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const LAST_LINES = 15;

export type StopStep = { signal: NodeJS.Signals; patienceMs: number };

/** Sends each signal in turn until the child is gone, waiting out each step's patience; SIGKILL ends the list. */
export async function stopChild(child: ChildProcess, steps: readonly StopStep[]): Promise<void> {
  for (const { signal, patienceMs } of [...steps, { signal: 'SIGKILL' as const, patienceMs: 5000 }]) {
    if (hasExited(child)) return;
    child.kill(signal);
    await waitForExit(child, patienceMs);
  }
}

/** Rejects when the program cannot be run at all. */
export function waitForSpawn(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** True once the child has exited, false when it still runs after `timeoutMs`. */
export async function waitForExit(child: ChildProcess, timeoutMs: number): Promise<boolean> {
  if (hasExited(child)) return true;
  const givenUp = new AbortController();
  const exited = new Promise<boolean>((resolve) => {
    child.once('exit', () => resolve(true));
  });
  const waited = delay(timeoutMs, false, { signal: givenUp.signal }).catch(() => false);
  const answer = await Promise.race([exited, waited]);
  givenUp.abort();
  return answer;
}

/** Sends `signal` to the child when this process dies, however it dies. Costs one idle shell for as long as the child lives. */
export function endWithParent(child: ChildProcess, signal: 'INT' | 'TERM'): void {
  const script = `trap '' INT TERM HUP; read -r _; kill -${signal} "$1" 2>/dev/null`;
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  watcher.on('error', () => undefined);
  watcher.unref();
  // The end of our life closes the pipe; the end of the child's makes the watcher pointless before its pid is used again.
  child.once('exit', () => watcher.kill('SIGKILL'));
}

/** Whether a process of this number exists, ours or another user's. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The end of a log for an error message; empty when there is none. */
export function readLastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  } catch {
    return '';
  }
}
