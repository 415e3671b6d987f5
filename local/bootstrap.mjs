// Runs one of the project's scripts with the project's own Node: `node local/bootstrap.mjs <script> [arguments…]`. Plain JavaScript
// over Node's own modules, because it runs before anything is installed and under whatever Node the machine has (20 or newer).
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PROJECT = dirname(import.meta.dirname);
const MODULES = join(PROJECT, 'node_modules');
const BIN = join(MODULES, '.bin');
const PROJECT_NODE = join(MODULES, 'node', 'bin', 'node');
const LOCK_FILE = join(PROJECT, '.local', 'install.lock');
const LOG_FILE = join(PROJECT, '.local', 'logs', 'npm.log');
const NEEDED_NODE_MAJOR = 24;
const INSTALL_TRIES = 2;
const INSTALL_TIMEOUT_MS = 15 * 60_000;
const LOCK_WAIT_MS = INSTALL_TRIES * INSTALL_TIMEOUT_MS;
const LOCK_POLL_MS = 250;
const STOP_PATIENCE_MS = 2000;
const TICK_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** An expected failure: its message is all that a person needs. */
class Refusal extends Error {}

/** Somebody asked for the end: it needs no message. */
class Interruption extends Error {
  constructor(signal) {
    super(signal);
    this.exitCode = 128 + constants.signals[signal];
  }
}

try {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) throw new Refusal('Usage: node local/bootstrap.mjs <script> [arguments…]');
  if (!isInstalled()) await withInstallLock(install);
  assertProjectNode();
  await run(script, args);
} catch (error) {
  if (error instanceof Interruption) process.exitCode = error.exitCode;
  else if (error instanceof Refusal) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}

/**
 * npm writes what it has installed into node_modules as its last act: an install that was cut short, or one of another lock file,
 * does not compare equal. Optional packages are those of other platforms.
 */
function isInstalled() {
  const wanted = readPackages(join(PROJECT, 'package-lock.json'));
  const present = readPackages(join(MODULES, '.package-lock.json'));
  if (wanted === null) throw new Refusal('package-lock.json is missing or no JSON: this is not a whole checkout.');
  if (present === null) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const found = present[path];
    if (path === '') return true;
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

/** Two that start at once take turns; the second then finds the work done. */
async function withInstallLock(work) {
  mkdirSync(dirname(LOCK_FILE), { recursive: true });
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (let waited = false; !takeLock();) {
    if (isLockAbandoned()) {
      rmSync(LOCK_FILE, { force: true });
      continue;
    }
    if (!waited) console.log('  waiting for another process that installs packages');
    waited = true;
    if (Date.now() >= deadline) throw new Refusal(`Gave up waiting; if nothing is installing, remove ${LOCK_FILE}.`);
    await delay(LOCK_POLL_MS);
  }
  const release = () => rmSync(LOCK_FILE, { force: true });
  process.once('exit', release);
  try {
    if (!isInstalled()) await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function takeLock() {
  try {
    writeFileSync(LOCK_FILE, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

function isLockAbandoned() {
  try {
    const text = readFileSync(LOCK_FILE, 'utf8');
    // Empty for the instant between making the file and writing to it.
    if (text === '') return false;
    process.kill(Number(text), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

async function install() {
  mkdirSync(dirname(LOG_FILE), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const failure = await runNpm();
    if (failure === null) return;
    if (attempt < INSTALL_TRIES) {
      console.log(`  npm ${failure}; trying once more`);
      continue;
    }
    throw new Refusal(`The packages could not be installed: npm ${failure}. Everything it said is in ${LOG_FILE}.`);
  }
}

/**
 * From nothing, as `npm ci` does, so that what an install cut short left is never taken for whole. Not `npm ci` itself: that
 * refuses a lock file which does not name every other platform's optional packages. Answers null, or what went wrong.
 */
async function runNpm() {
  rmSync(MODULES, { recursive: true, force: true, maxRetries: 3 });
  const log = openSync(LOG_FILE, 'w');
  const { command, args } = findNpm();
  // A machine set to production would leave out the tools that the stack is made of.
  const child = spawn(command, [...args, 'install', '--no-save', '--include=dev'], {
    cwd: PROJECT,
    env: { ...process.env, PATH: pathWithoutBin() },
    stdio: ['ignore', log, log],
    timeout: INSTALL_TIMEOUT_MS,
  });
  closeSync(log);
  // npm lets what it is downloading finish first, which may be never; what is then half there is installed anew next time.
  const stopPassing = passSignalsTo(child, () => setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS).unref());
  const stopProgress = showProgress('installing packages');
  const failure = await new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be run: ${error.message}`));
    child.once('exit', (code, signal) => resolve(code === 0 ? null : describeNpmFailure(signal ?? `code ${code}`)));
  });
  stopProgress(failure === null);
  const signal = stopPassing();
  if (signal !== null) throw new Interruption(signal);
  return failure;
}

/** npm's own reason is the first of its errors that is a sentence; before it come a code or two, after it a stack. */
function describeNpmFailure(ending) {
  const errors = readFileSync(LOG_FILE, 'utf8').matchAll(/^npm (?:error|ERR!) (.+)$/gm);
  const reason = [...errors].map(([, text]) => text.trim()).find((text) => /\s\S+\s\S+\s/.test(text));
  return `ended with ${ending}${reason === undefined ? '' : ` (${reason})`}`;
}

/** The npm that runs us, unless it runs on the very Node that is about to be replaced. */
function findNpm() {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const usable = npm && node && basename(npm) === 'npm-cli.js' && existsSync(npm) && existsSync(node);
  return usable && !node.startsWith(MODULES) ? { command: node, args: [npm] } : { command: 'npm', args: [] };
}

function showProgress(what) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  if (!process.stdout.isTTY) console.log(`… ${what} (npm's output: ${LOG_FILE})`);
  const draw = () => process.stdout.isTTY && process.stdout.write(`\r\u001B[K… ${what} ${seconds()}`);
  draw();
  const timer = setInterval(draw, TICK_MS);
  return (succeeded) => {
    clearInterval(timer);
    if (process.stdout.isTTY) process.stdout.write('\r\u001B[K');
    console.log(`${succeeded ? '✓' : '✗'} ${what}  ${seconds()}`);
  };
}

/** The package `node` fetches its program by an install script; npm may be told to skip those. */
function assertProjectNode() {
  const { stdout, error } = spawnSync(PROJECT_NODE, ['--version'], { encoding: 'utf8' });
  const major = Number(/^v(\d+)\./.exec(stdout ?? '')?.[1] ?? 0);
  if (major >= NEEDED_NODE_MAJOR) return;
  const found = major === 0 ? `does not run (${error?.code ?? 'no version'})` : `is version ${stdout.trim()}`;
  throw new Refusal(
    `Node ${NEEDED_NODE_MAJOR} is needed, but ${PROJECT_NODE} ${found}: npm fetches it by an install script, so allow those (npm config delete ignore-scripts), remove node_modules and start again.`,
  );
}

async function run(script, args) {
  const child = spawn(PROJECT_NODE, [script, ...args], {
    cwd: PROJECT,
    env: { ...process.env, PATH: [BIN, pathWithoutBin()].join(delimiter) },
    stdio: 'inherit',
  });
  passSignalsTo(child);
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** What asks us to end asks the child, whose end we wait for. Answers how to stop that and learn which signal came, null if none. */
function passSignalsTo(child, andThen = () => undefined) {
  let received = null;
  const listeners = SIGNALS.map((signal) => {
    const pass = () => {
      received = signal;
      // A terminal sends Ctrl-C to the child as well.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      andThen();
    };
    process.on(signal, pass);
    return [signal, pass];
  });
  return () => {
    for (const [signal, pass] of listeners) process.removeListener(signal, pass);
    return received;
  };
}

function pathWithoutBin() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== BIN)
    .join(delimiter);
}
