// n8n itself: 2.9 GB in a folder of its own, installed once by its own lock file.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hasPackages, installPackages, runNpm } from '../npm.ts';
import { logFileOf, PROJECT } from '../stack/local-folder.ts';

const MANIFESTS = join(import.meta.dirname, 'program');
const INSTALL_TIMEOUT_MS = 30 * 60_000;
const BUILD_TIMEOUT_MS = 15 * 60_000;

/** Outside what `npm run reset` clears; SWITCHYARD_N8N_DIR names another folder, which several checkouts may share. */
const programFolder = resolve(process.env['SWITCHYARD_N8N_DIR'] ?? join(PROJECT, '.local/n8n-program'));
export const programFile = join(programFolder, 'node_modules/n8n/bin/n8n');

/** The one package of n8n's whose program has to be made for this machine: its database. The others are for services not used here. */
const NATIVE_PACKAGE = 'sqlite3';
const NATIVE_FILE = join(programFolder, 'node_modules/sqlite3/build/Release/node_sqlite3.node');

/** Installs n8n when it is not there, or not the one of the lock file. Takes minutes the first time, and `report` says so. */
export async function provideN8nProgram(report: (doing: string) => void): Promise<void> {
  mkdirSync(programFolder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json'])
    copyFileSync(join(MANIFESTS, name), join(programFolder, name));
  copyFileSync(join(PROJECT, '.npmrc'), join(programFolder, '.npmrc'));
  const logFile = logFileOf('n8n-install');
  if (!hasPackages(programFolder)) {
    report(
      `installing n8n into ${programFolder}: 2.9 GB, some minutes, once (--no-n8n leaves it out; npm's output: ${logFile})`,
    );
    await installPackages({ folder: programFolder, logFile, timeoutMs: INSTALL_TIMEOUT_MS });
  }
  if (existsSync(NATIVE_FILE)) return;
  report(`making ${NATIVE_PACKAGE} for this machine`);
  const args = ['rebuild', NATIVE_PACKAGE, '--ignore-scripts=false'];
  await runNpm({ args, folder: programFolder, logFile: logFileOf('n8n-build'), timeoutMs: BUILD_TIMEOUT_MS });
}
