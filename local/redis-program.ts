import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isProcessAlive } from './child-processes.ts';

export type RedisProgram = { file: string; argv0: string; version: string };
type Log = (line: string) => void;
type PackageManager = { command: string; needsRoot: boolean; steps: readonly (readonly string[])[] };

/** Scripts with a shebang and EVAL_RO came with 7.0. */
const OLDEST_MAJOR = 7;
const INSTALL_TIMEOUT_MS = 300_000;
const LOCK_POLL_MS = 250;
const LOCK_FILE = join(tmpdir(), 'switchyard-redis-install.lock');

/**
 * One binary is the server and the checker, by the name it is called with. Debian's redis-tools holds it as redis-check-rdb;
 * redis-server adds a link to it and a system service, which would start and take memory and port 6379.
 */
const CANDIDATES = [
  { name: 'redis-server', argv0: 'redis-server' },
  { name: 'valkey-server', argv0: 'valkey-server' },
  { name: 'redis-check-rdb', argv0: 'redis-server' },
  { name: 'valkey-check-rdb', argv0: 'valkey-server' },
];

const APT = ['-o', 'DPkg::Lock::Timeout=120'];
const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    command: 'apt-get',
    needsRoot: true,
    steps: [
      [...APT, 'update', '-qq'],
      [...APT, 'install', '-y', '-qq', '--no-install-recommends', 'redis-tools'],
    ],
  },
  { command: 'apk', needsRoot: true, steps: [['add', '--no-cache', 'redis']] },
  { command: 'dnf', needsRoot: true, steps: [['install', '-y', 'redis']] },
  { command: 'yum', needsRoot: true, steps: [['install', '-y', 'redis']] },
  { command: 'brew', needsRoot: false, steps: [['install', 'redis']] },
];

/**
 * The redis-server or valkey-server on PATH, installed by the system's package manager when there is none and we may. Two
 * processes that install at once take turns. Throws one clear message that says what to install when neither works.
 */
export async function provideRedisProgram(log: Log): Promise<RedisProgram> {
  const found = findRedisProgram();
  if (found !== null) return assertRecent(found);
  const manager = findPackageManager();
  if (manager === null) throw new Error(installAdvice());
  await withInstallLock(async () => {
    if (findRedisProgram() === null) await install(manager, log);
  });
  const installed = findRedisProgram();
  if (installed === null) throw new Error(`${manager.command} installed no redis-server. ${installAdvice()}`);
  return assertRecent(installed);
}

function findRedisProgram(): RedisProgram | null {
  for (const { name, argv0 } of CANDIDATES) {
    const file = findOnPath(name);
    const version = file === null ? null : askVersion(file, argv0);
    if (file !== null && version !== null) return { file, argv0, version };
  }
  return null;
}

function askVersion(file: string, argv0: string): string | null {
  const { stdout } = spawnSync(file, ['--version'], { argv0, encoding: 'utf8', timeout: 5000 });
  // Both name themselves first: "Redis server v=7.0.15 sha=…", "Valkey server v=8.1.4 sha=…".
  return /^\w+ server v=(\S+)/.exec(stdout ?? '')?.[1] ?? null;
}

function assertRecent(program: RedisProgram): RedisProgram {
  if (Number.parseInt(program.version, 10) >= OLDEST_MAJOR) return program;
  throw new Error(
    `${program.file} is version ${program.version}; ${OLDEST_MAJOR}.0 or newer is needed. ${installAdvice()}`,
  );
}

function findPackageManager(): PackageManager | null {
  const isRoot = process.getuid?.() === 0;
  return (
    PACKAGE_MANAGERS.find(({ command, needsRoot }) => isRoot === needsRoot && findOnPath(command) !== null) ?? null
  );
}

async function install(manager: PackageManager, log: Log): Promise<void> {
  for (const step of manager.steps) {
    log(`${manager.command} ${step.filter((word) => !APT.includes(word)).join(' ')}`);
    await runInstaller(manager.command, step);
  }
}

function runInstaller(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, timeout: INSTALL_TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      reject(new Error(`${command} ${args.join(' ')} failed: ${stderr.trim() || error.message}. ${installAdvice()}`));
    });
  });
}

async function withInstallLock(work: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + INSTALL_TIMEOUT_MS;
  while (!takeLock()) {
    if (Date.now() >= deadline)
      throw new Error(`Another process has been installing Redis for too long; if none is, remove ${LOCK_FILE}.`);
    await delay(LOCK_POLL_MS);
  }
  try {
    await work();
  } finally {
    rmSync(LOCK_FILE, { force: true });
  }
}

function takeLock(): boolean {
  try {
    writeFileSync(LOCK_FILE, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (isLockAbandoned()) rmSync(LOCK_FILE, { force: true });
    return false;
  }
}

function isLockAbandoned(): boolean {
  try {
    const text = readFileSync(LOCK_FILE, 'utf8');
    // Empty for the instant between making the file and writing to it.
    return text !== '' && !isProcessAlive(Number(text));
  } catch {
    return false;
  }
}

function findOnPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

function installAdvice(): string {
  const needed = `Install Redis ${OLDEST_MAJOR} or newer (or Valkey), so that redis-server or valkey-server is on PATH`;
  if (process.platform === 'darwin') return `${needed}: brew install redis`;
  return `${needed}: for example "sudo apt-get install redis-tools", "sudo apk add redis" or "sudo dnf install redis".`;
}
