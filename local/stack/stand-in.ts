import { setTimeout as delay } from 'node:timers/promises';
import { hasExited, readLastLines } from '../child-processes.ts';
import { assertPortFree, ports } from '../ports.ts';
import { logFileOf } from './local-folder.ts';
import { startProcessGroup } from './process-group.ts';
import type { ProcessGroup } from './process-group.ts';

const START_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 2000;
const POLL_MS = 25;

type StandIn = {
  readonly name: 'neonHttp' | 'upstashRedis' | 'qstash' | 'highlevel' | 'census';
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
};

/** Runs `local/<folder>/main.ts` as a process of its own and answers once it listens. Throws with its last lines when it ends first. */
export async function startStandIn({ name, folder, env }: StandIn): Promise<ProcessGroup> {
  const port = ports[name];
  await assertPortFree({ name, port });
  const group = startProcessGroup({
    args: [`local/${folder}/main.ts`],
    env: { ...env, PORT: String(port) },
    logFile: logFileOf(folder),
  });
  await waitUntilUp({ name: folder, group, isUp: () => answersHttp(port), timeoutMs: START_TIMEOUT_MS });
  return group;
}

/** Waits for `isUp`; when the program ends or the time is over first, stops it and throws with the end of its log. */
export async function waitUntilUp(options: {
  name: string;
  group: ProcessGroup;
  isUp: () => Promise<boolean>;
  timeoutMs: number;
}): Promise<void> {
  const { name, group, isUp, timeoutMs } = options;
  const deadline = Date.now() + timeoutMs;
  while (!(await isUp())) {
    const ended = hasExited(group.child);
    if (!ended && Date.now() < deadline) {
      await delay(POLL_MS);
      continue;
    }
    await group.stop();
    const reason = ended ? 'ended while it started' : `was not ready within ${timeoutMs / 1000} s`;
    throw new Error(`${name} ${reason}. ${logFileOf(name)} ends with:\n${readLastLines(logFileOf(name))}`);
  }
}

/** Any answer at all, also a refusal, shows that it listens. */
async function answersHttp(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await answer.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
