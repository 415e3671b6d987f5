// The real n8n, with the package as people install it.
import { mkdirSync } from 'node:fs';
import { assertPortFree, ports } from '../ports.ts';
import { edgeUrl } from '../stack/edge-router.ts';
import { localPaths, logFileOf } from '../stack/local-folder.ts';
import { startProcessGroup, type ProcessGroup } from '../stack/process-group.ts';
import type { LocalSecrets } from '../stack/secrets.ts';
import { waitUntilUp } from '../stack/stand-in.ts';
import { n8nEnvironment, n8nUrl, OWNER_EMAIL } from './environment.ts';
import { packNodes, unpackNodes } from './node-package.ts';
import { programFile, provideN8nProgram } from './program.ts';
import { setUpN8n } from './set-up.ts';

/** A first start makes its database. */
const START_TIMEOUT_MS = 300_000;
const PROBE_TIMEOUT_MS = 5000;

export interface StartedN8n {
  readonly group: ProcessGroup;
  readonly addedWorkflows: number;
}

/** Starts n8n and answers once a person can log in. `onStarted` gets the process before it is ready. */
export async function startN8n(
  secrets: LocalSecrets,
  { report, onStarted }: { report: (doing: string) => void; onStarted: (group: ProcessGroup) => void },
): Promise<StartedN8n> {
  await assertPortFree({ name: 'n8n', port: ports.n8n });
  await assertPortFree({ name: 'n8nRunners', port: ports.n8nRunners });
  await provideN8nProgram(report);
  const tarball = await packNodes(report);
  mkdirSync(localPaths.n8n, { recursive: true });
  unpackNodes(tarball, localPaths.n8n);
  const group = startProcessGroup({
    args: [programFile, 'start'],
    env: n8nEnvironment(secrets),
    logFile: logFileOf('n8n'),
  });
  onStarted(group);
  await waitUntilUp({ name: 'n8n', group, isUp: isReady, timeoutMs: START_TIMEOUT_MS });
  const owner = { email: OWNER_EMAIL, password: secrets.n8nPassword };
  const addedWorkflows = await setUpN8n({ n8nUrl, owner, edgeUrl, apiKey: secrets.apiKey });
  return { group, addedWorkflows };
}

/** The database is migrated, and the editor's own API answers: the one is earlier than the other. */
async function isReady(): Promise<boolean> {
  try {
    for (const path of ['/healthz/readiness', '/rest/settings']) {
      const answer = await fetch(`${n8nUrl}${path}`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      await answer.body?.cancel();
      if (!answer.ok || !/json/.test(answer.headers.get('content-type') ?? '')) return false;
    }
    return true;
  } catch {
    return false;
  }
}
