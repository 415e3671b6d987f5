import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { localPaths } from './local-folder.ts';
import { readJsonFile } from './private-file.ts';
import { identifyProcess } from './process-identity.ts';

const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

const runningSchema = z.object({ pid: z.int().positive(), startedAs: z.string() });

/** The process that holds this local folder's stack, from its first moment to its last; null when none does. */
export function findRunningStack(): number | null {
  const parsed = runningSchema.safeParse(readJsonFile(localPaths.running)?.content);
  if (!parsed.success) return null;
  const { pid, startedAs } = parsed.data;
  return identifyProcess(pid) === startedAs ? pid : null;
}

/** Makes this process the holder. False when another one is. */
export function claimLocalFolder(): boolean {
  const abandoned = readJsonFile(localPaths.running);
  if (findRunningStack() !== null) return false;
  // Only what a crash left: a claim made this instant must stand.
  if (abandoned !== null) rmSync(localPaths.running, { force: true });
  try {
    const claim = { pid: process.pid, startedAs: identifyProcess(process.pid) };
    writeFileSync(localPaths.running, JSON.stringify(claim), { flag: 'wx' });
    return true;
  } catch (error) {
    // Another start took it in between.
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

export function releaseLocalFolder(): void {
  rmSync(localPaths.stack, { force: true });
  rmSync(localPaths.running, { force: true });
}

/** Stops the running stack and answers its process once that is gone; null when none runs. Throws when it will not go. */
export async function stopRunningStack(): Promise<number | null> {
  const pid = findRunningStack();
  if (pid === null) return null;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (findRunningStack() === pid) {
    if (Date.now() >= deadline) throw new Error(`Process ${pid} has not stopped within ${STOP_TIMEOUT_MS / 1000} s.`);
    await delay(POLL_MS);
  }
  return pid;
}
