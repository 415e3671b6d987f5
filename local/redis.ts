// A real redis-server (or valkey-server) for the local stack, on 127.0.0.1 only. It is installed when the machine has none.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { resolve as absolute } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endWithParent, hasExited, readLastLines, stopChild, waitForExit, waitForSpawn } from './child-processes.ts';
import { assertPortFree } from './ports.ts';
import { provideRedisProgram } from './redis-program.ts';

const START_TIMEOUT_MS = 30_000;
const PING_TIMEOUT_MS = 1000;
const POLL_MS = 20;
const KILL_PATIENCE_MS = 5000;
/** SIGTERM writes what is not yet on disk. */
const STOP_STEPS = [{ signal: 'SIGTERM', patienceMs: 10_000 }] as const;

export type RedisServer = {
  port: number;
  pid: number;
  stop: () => Promise<void>;
  /** SIGKILL, as a crash would. */
  kill: () => Promise<void>;
};

/**
 * Starts Redis and answers once it takes commands. With a `dataDir` every write is in an append-only file there within a second
 * and read back at the next start; with null nothing is kept. `log` hears what an installation does. Throws one clear line when
 * the port is taken, when there is no Redis and none can be installed, or, with the end of its log, when it fails to start.
 */
export async function startRedis(options: {
  port: number;
  dataDir: string | null;
  log?: (line: string) => void;
}): Promise<RedisServer> {
  const { port, dataDir, log = () => undefined } = options;
  const { file, argv0 } = await provideRedisProgram(log);
  await assertPortFree({ name: 'redis', port });

  const logFile = dataDir === null ? null : `${absolute(dataDir)}.log`;
  const child = spawnRedis({ file, argv0, args: settingsArguments(port, dataDir), logFile });
  await waitUntilReady(child, { port, logFile });
  return {
    port,
    pid: child.pid ?? 0,
    stop: () => stopChild(child, STOP_STEPS),
    kill: async () => {
      child.kill('SIGKILL');
      await waitForExit(child, KILL_PATIENCE_MS);
    },
  };
}

function spawnRedis(options: { file: string; argv0: string; args: string[]; logFile: string | null }): ChildProcess {
  const { file, argv0, args, logFile } = options;
  const output = logFile === null ? 'ignore' : openSync(logFile, 'a');
  const child = spawn(file, args, { argv0, stdio: ['ignore', output, output] });
  if (output !== 'ignore') closeSync(output);
  return child;
}

function settingsArguments(port: number, dataDir: string | null): string[] {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  const settings = {
    port,
    bind: '127.0.0.1',
    'protected-mode': 'yes',
    daemonize: 'no',
    dir: absolute(dataDir ?? tmpdir()),
    save: '',
    appendonly: dataDir === null ? 'no' : 'yes',
    appendfsync: 'everysec',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

async function waitUntilReady(
  child: ChildProcess,
  { port, logFile }: { port: number; logFile: string | null },
): Promise<void> {
  try {
    await waitForSpawn(child);
    endWithParent(child, 'TERM');
    await waitForPong(child, port);
  } catch (error) {
    await stopChild(child, STOP_STEPS);
    const reason = error instanceof Error ? error.message : String(error);
    const ending = logFile === null ? '' : `\n${logFile} ends with:\n${readLastLines(logFile)}`;
    throw new Error(`Redis did not start: ${reason}${ending}`, { cause: error });
  }
}

async function waitForPong(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answersPing(port))) {
    if (hasExited(child)) throw new Error(`it exited with ${child.signalCode ?? `code ${child.exitCode}`}.`);
    if (Date.now() >= deadline) throw new Error(`it took no commands within ${START_TIMEOUT_MS} ms.`);
    await delay(POLL_MS);
  }
}

/** False while it does not listen, and while it reads its file back ("-LOADING"). */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: PING_TIMEOUT_MS }, () => socket.write('PING\r\n'));
    socket.on('data', (data) =>
      socket.destroy(data.toString().startsWith('+PONG') ? undefined : new Error('not ready')),
    );
    socket.on('timeout', () => socket.destroy(new Error('timeout')));
    socket.on('error', () => undefined);
    socket.on('close', (hadError) => resolve(!hadError));
  });
}
