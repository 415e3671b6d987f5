import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessAlive, stopChild } from '../child-processes.ts';
import { describeStack } from './announcement.ts';
import { startCronTriggers } from './cron-triggers.ts';
import { makeLocalFolder, localPaths, PROJECT } from './local-folder.ts';
import { startParts } from './parts.ts';
import type { Part } from './parts.ts';
import { stopAllProcessGroups } from './process-group.ts';
import { claimLocalFolder, findRunningStack, releaseLocalFolder } from './running-stack.ts';
import { provideSecrets } from './secrets.ts';
import { writeStackFile } from './stack-file.ts';
import type { StackFile } from './stack-file.ts';

const WATCH_INTERVAL_MS = 500;
/** How long a part that is still starting may take to notice that all is being stopped. */
const STARTING_PATIENCE_MS = 20_000;
const DEMO_STOP_STEPS = [{ signal: 'SIGTERM', patienceMs: 2000 }] as const;

type Ending = { readonly asked: Promise<void>; readonly isAsked: () => boolean };

/** Starts the stack and serves until a signal asks for the end. Answers the exit code: 1 when the stack did not come up. */
export async function serveStack({ withDemo, withN8n }: { withDemo: boolean; withN8n: boolean }): Promise<number> {
  makeLocalFolder();
  if (!claimLocalFolder()) {
    console.error(`Switchyard already runs here (process ${findRunningStack()}): npm run stop stops it.`);
    return 1;
  }
  const ending = listenForSignals();
  const parts: Part[] = [];
  try {
    const up = startAll(parts, { ending, withN8n });
    const first = await Promise.race([up, ending.asked]);
    if (first !== undefined) await serve({ stack: first, parts, withDemo, ending });
    else await abandon(up);
    return 0;
  } catch (error) {
    console.error(describeFailure(error));
    return 1;
  } finally {
    await stopAll(parts);
    releaseLocalFolder();
  }
}

/** The first signal ends the stack; more of them change nothing, since stopping is bounded anyway. */
function listenForSignals(): Ending {
  let isAsked = false;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        isAsked = true;
        resolve();
      });
    }
  });
  // A terminal that was closed must not keep us from stopping the parts.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return { asked, isAsked: () => isAsked };
}

async function startAll(parts: Part[], { ending, withN8n }: { ending: Ending; withN8n: boolean }): Promise<StackFile> {
  const addresses = await startParts({
    secrets: provideSecrets(localPaths.secrets),
    withN8n,
    onStarted: (part) => {
      parts.push(part);
      if (ending.isAsked()) throw new Error('stopped while it started');
    },
  });
  const pids = Object.fromEntries(parts.map(({ name, pid }) => [name, pid]));
  const stack = { ...addresses, pids: { start: process.pid, ...pids }, startedAt: new Date().toISOString() };
  writeStackFile(stack);
  return stack;
}

async function abandon(up: Promise<unknown>): Promise<void> {
  await stopAllProcessGroups();
  const settled = up.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([settled, delay(STARTING_PATIENCE_MS)]);
}

async function serve(options: {
  stack: StackFile;
  parts: readonly Part[];
  withDemo: boolean;
  ending: Ending;
}): Promise<void> {
  const { stack, parts, withDemo, ending } = options;
  console.log(describeStack(stack));
  const watch = watchParts(parts);
  const stopCronTriggers = startCronTriggers();
  try {
    if (withDemo) await runDemo(ending);
    if (!ending.isAsked()) console.log('\nServing until Ctrl-C (or npm run stop).');
    await ending.asked;
  } finally {
    stopCronTriggers();
    clearInterval(watch);
  }
}

/** A part that dies is told and not restarted, so that its failure can be watched. */
function watchParts(parts: readonly Part[]): NodeJS.Timeout {
  const alive = new Set(parts);
  return setInterval(() => {
    for (const part of alive) {
      if (isProcessAlive(part.pid)) continue;
      alive.delete(part);
      console.log(`✗ ${part.name} has ended; its log: ${part.logFile}. The rest keeps serving.`);
    }
  }, WATCH_INTERVAL_MS);
}

async function runDemo(ending: Ending): Promise<void> {
  console.log('');
  const demo = spawn(process.execPath, ['local/demo/main.ts'], { cwd: PROJECT, stdio: 'inherit' });
  const exited = new Promise<number | null>((resolve) => {
    demo.once('error', () => resolve(null));
    demo.once('exit', resolve);
  });
  const code = await Promise.race([exited, ending.asked]);
  if (code === undefined) return stopChild(demo, DEMO_STOP_STEPS);
  if (code !== 0) console.log('✗ The demonstration did not succeed; the stack keeps serving.');
}

async function stopAll(parts: readonly Part[]): Promise<void> {
  if (parts.length > 0) console.log('\nStopping …');
  for (const part of parts.toReversed()) {
    await part.stop().catch((error: unknown) => console.error(`${part.name}: ${describeFailure(error)}`));
  }
  await stopAllProcessGroups();
  if (parts.length > 0) console.log('Stopped. The data stays for the next start (npm run reset clears it).');
}

/** The parts word their failures for a person; anything else is a bug, whose place matters. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.message : (error.stack ?? error.message);
}
