import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createSigningKey } from '../webhooks/signing.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const signingKey = createSigningKey();

export const AGENCY_TOKEN = 'pit-00000000-process-agency';

type Options = { readonly file: string; readonly settings?: unknown; readonly env?: NodeJS.ProcessEnv };

/** `main.ts` as a child process, not yet waited for. */
export function spawnSandbox({ file, settings = {}, env = {} }: Options) {
  const own = {
    PORT: '0',
    FILE: file,
    AGENCY_TOKEN,
    CLIENT_ID: 'process-client',
    CLIENT_SECRET: 'process-secret',
    SIGNING_KEY: signingKey,
    SETTINGS: JSON.stringify(settings),
  };
  return spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A child process that listens. */
export async function startSandboxProcess(options: Options) {
  const child = spawnSandbox(options);
  const died = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), died.then(() => ['{}'])])) as [string];
  const { port } = JSON.parse(line) as { port?: number };
  if (port === undefined) throw new Error('the sandbox did not start');
  return {
    url: `http://127.0.0.1:${port}`,
    /** kill -9. */
    kill: async (): Promise<void> => {
      child.kill('SIGKILL');
      await died;
    },
  };
}
