import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { endWithParent, stopChild } from './child-processes.ts';

const START_TIMEOUT_MS = 30_000;
const readySchema = z.object({ ready: z.literal(true), port: z.number() });

type Running = { port: number; stop: () => Promise<void> };

/**
 * Runs a stand-in as a process of its own: one JSON line on stdout when it listens, one line on stderr and exit code 1 when it
 * cannot start, a clean stop on SIGINT or SIGTERM.
 */
export async function runStandIn(start: () => Promise<Running>): Promise<void> {
  try {
    const { port, stop } = await start();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
    console.log(JSON.stringify({ ready: true, port }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

export interface StandInProcess {
  readonly port: number;
  readonly stop: () => Promise<void>;
  /** kill -9. */
  readonly kill: () => Promise<void>;
}

/** Runs `local/<folder>/main.ts` as a process of its own and answers when it listens; 0 takes a free port. Ends with this process. */
export async function startStandInProcess(options: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
}): Promise<StandInProcess> {
  const { folder, env, port } = options;
  const child = spawn(process.execPath, [join(import.meta.dirname, folder, 'main.ts')], {
    env: { ...process.env, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endWithParent(child, 'TERM');
  const stop = (): Promise<void> => stopChild(child, [{ signal: 'SIGTERM', patienceMs: 5000 }]);
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`${folder} ended while it started.`);
  });
  ended.catch(() => undefined);
  try {
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line', { signal }), ended]);
    const ready = readySchema.parse(JSON.parse(String(line)));
    return { port: ready.port, stop, kill: () => stopChild(child, []) };
  } catch (error) {
    await stop();
    throw error;
  }
}
