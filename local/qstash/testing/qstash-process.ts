import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CURRENT_SIGNING_KEY, NEXT_SIGNING_KEY, TOKEN } from './test-qstash.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

type ProcessOptions = { readonly file: string; readonly port?: number; readonly timeScale?: number };

/** `main.ts` as a child process, not yet waited for. */
export function spawnQstash({ file, port = 0, timeScale = 1_000 }: ProcessOptions): ChildProcess {
  const env = {
    ...process.env,
    PORT: String(port),
    FILE: file,
    TOKEN,
    CURRENT_SIGNING_KEY,
    NEXT_SIGNING_KEY,
    TIME_SCALE: String(timeScale),
  };
  return spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A child process that listens; `died` resolves with what ended it. */
export async function startQstashProcess(options: ProcessOptions) {
  const child = spawnQstash(options);
  const died = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: String(signal) }));
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), died.then(() => ['{}'])])) as [string];
  const { port } = JSON.parse(line) as { ready?: boolean; port?: number };
  if (port === undefined) throw new Error('the QStash process did not start');
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    died,
    /** kill -9. */
    kill: async (): Promise<void> => {
      child.kill('SIGKILL');
      await died;
    },
    stop: async (): Promise<{ code: number | null }> => {
      child.kill('SIGTERM');
      return died;
    },
  };
}
