import { spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessAlive } from './child-processes.ts';
import { outsideFolder, shortHash, spawnIdentity } from './postgres-binaries.ts';
import type { Account, Binaries } from './postgres-binaries.ts';

export const SUPERUSER = 'switchyard';
/** Not a secret: the server listens on loopback only and holds nothing but a developer's data. */
export const PASSWORD = 'switchyard';

const MAJOR_VERSION = '18';
const INITDB_TIMEOUT_MS = 120_000;
/** A server whose parent was killed a moment ago is shutting down by itself. */
const HOLDER_GRACE_MS = 5000;
const POLL_MS = 50;

/** The folder that really holds the data of `dataDir`: elsewhere when the account cannot enter the folder around it. */
export function placeData(dataDir: string, account: Account): string {
  const asked = resolve(dataDir);
  mkdirSync(dirname(asked), { recursive: true });
  if (account === null || canEnter(dirname(asked), account)) return asked;
  const placed = recordedPlace(asked) ?? join(outsideFolder(), `data-${shortHash(asked)}`);
  writeFileSync(recordFile(asked), `${placed}\n`);
  return placed;
}

/** Removes the data of `dataDir` wherever it lies, with its log. The server must not be running. */
export function removePostgresData(dataDir: string): void {
  const asked = resolve(dataDir);
  const placed = recordedPlace(asked);
  for (const path of [asked, logFileOf(asked), unfinished(asked), recordFile(asked)]) remove(path);
  if (placed === null) return;
  remove(placed);
  remove(unfinished(placed));
  removeOutsideFolder(dirname(placed));
}

/** With the last data goes the copy of the programs, unless a server whose data lies elsewhere runs from it. */
function removeOutsideFolder(folder: string): void {
  const holdsData = existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('data-'));
  if (!holdsData && !isRunFrom(folder)) remove(folder);
}

/** Whether a living process was started from a program inside the folder. Only Linux tells, and only Linux has copies. */
function isRunFrom(folder: string): boolean {
  if (!existsSync('/proc')) return false;
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && programOf(pid).startsWith(`${folder}/`));
}

function programOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

export function logFileOf(dataDir: string): string {
  return `${resolve(dataDir)}.log`;
}

/** Makes the cluster when there is none. It is made beside its place and renamed, so one cut short is never taken for whole. */
export function initialiseData(
  data: string,
  options: { account: Account; binaries: Binaries; durable: boolean },
): void {
  if (existsSync(join(data, 'PG_VERSION'))) return assertVersion(data);
  const { account, binaries, durable } = options;
  const target = unfinished(data);
  remove(target);
  mkdirSync(target, { mode: 0o700 });
  if (account !== null) chownSync(target, account.uid, account.gid);
  const passwordFile = `${target}.password`;
  writeFileSync(passwordFile, `${PASSWORD}\n`);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`];
  const args = ['-D', target, ...locale, ...access, ...(durable ? [] : ['--no-sync'])];
  const result = spawnSync(binaries.initdb, args, {
    ...spawnIdentity(account),
    cwd: '/',
    env: postgresEnvironment(),
    encoding: 'utf8',
    timeout: INITDB_TIMEOUT_MS,
  });
  remove(passwordFile);
  if (result.status !== 0) throw new Error(`initdb failed: ${result.stderr || (result.error?.message ?? '')}`);
  remove(data);
  renameSync(target, data);
}

/** Throws one clear line when a live server holds the data; clears a pid file whose number now belongs to another program. */
export async function assertNotHeld(data: string): Promise<void> {
  const deadline = Date.now() + HOLDER_GRACE_MS;
  for (;;) {
    const pid = readPostmasterPid(data);
    if (pid === null || !isProcessAlive(pid)) return;
    if (!isPostgres(pid)) return remove(join(data, 'postmaster.pid'));
    if (Date.now() >= deadline) {
      throw new Error(`PostgreSQL already runs on ${data} (process ${pid}): stop that one first (kill -INT ${pid}).`);
    }
    await delay(POLL_MS);
  }
}

/** English messages, and none of the PG… settings that a developer may have for another server. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C' };
  for (const name of Object.keys(environment)) {
    if (name.startsWith('PG')) delete environment[name];
  }
  return environment;
}

function assertVersion(data: string): void {
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (version !== MAJOR_VERSION) {
    throw new Error(`${data} was made by PostgreSQL ${version}, this is ${MAJOR_VERSION}: npm run reset clears it.`);
  }
}

function canEnter(folder: string, account: { uid: number; gid: number }): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}

function recordFile(asked: string): string {
  return `${asked}.location`;
}

/** The record is trusted only as far as it names a folder that this module would have chosen. */
function recordedPlace(asked: string): string | null {
  if (!existsSync(recordFile(asked))) return null;
  const place = readFileSync(recordFile(asked), 'utf8').trim();
  return /^\/var\/tmp\/switchyard-[0-9a-f]{12}\/data-[0-9a-f]{12}$/.test(place) ? place : null;
}

function readPostmasterPid(data: string): number | null {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isPostgres(pid: number): boolean {
  const shown = spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  if (shown.error === undefined) return shown.stdout.includes('postgres');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    // Without a way to look, believe the file: refusing to start is safer than two servers on one folder.
    return true;
  }
}

function unfinished(data: string): string {
  return `${data}.unfinished`;
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
