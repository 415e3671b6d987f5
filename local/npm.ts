// Folders with a lock file of their own: what is installed there, and npm run there. The project's own packages are bootstrap.mjs'.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { endWithParent, readLastLines } from './child-processes.ts';

const packageSchema = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  optional: z.boolean().optional(),
  extraneous: z.boolean().optional(),
});
const lockSchema = z.object({ packages: z.record(z.string(), packageSchema) });

/**
 * Whether node_modules holds what the lock file asks for. npm writes its own list there as its last act, so an installation that
 * was cut short does not compare equal.
 */
export function hasPackages(folder: string): boolean {
  const wanted = readPackages(join(folder, 'package-lock.json'));
  const present = readPackages(join(folder, 'node_modules/.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional, extraneous }]) => {
    const found = present[path];
    if (path === '') return true;
    // Those of other platforms; npm calls some of them extraneous.
    if (found === undefined) return optional === true || extraneous === true;
    return found.version === version && found.integrity === integrity;
  });
}

function readPackages(file: string): z.output<typeof lockSchema>['packages'] | null {
  try {
    return lockSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).packages;
  } catch {
    return null;
  }
}

export interface NpmCommand {
  readonly args: readonly string[];
  readonly folder: string;
  /** Everything npm says, begun anew. */
  readonly logFile: string;
  readonly timeoutMs: number;
}

/** Runs npm; throws with the end of its log when it fails. */
export async function runNpm({ args, folder, logFile, timeoutMs }: NpmCommand): Promise<void> {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const { program, first } = findNpm();
  const child = spawn(program, [...first, ...args], { cwd: folder, stdio: ['ignore', log, log], timeout: timeoutMs });
  closeSync(log);
  child.once('spawn', () => endWithParent(child, 'TERM'));
  const failure = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`could not be run: ${error.message}`));
    child.once('exit', (code, signal) => resolve(code === 0 ? null : `ended with ${signal ?? `code ${code}`}`));
  });
  if (failure === null) return;
  throw new Error(`npm ${args.join(' ')} ${failure}. ${logFile} ends with:\n${readLastLines(logFile)}`);
}

/** The npm that runs us, else the one on the path. */
function findNpm(): { program: string; first: readonly string[] } {
  const npm = process.env['npm_execpath'];
  const isNpm = npm !== undefined && basename(npm) === 'npm-cli.js';
  return isNpm ? { program: process.execPath, first: [npm] } : { program: 'npm', first: [] };
}

/** Installs what the lock file says, from nothing, without anybody's install scripts. */
export async function installPackages({
  folder,
  logFile,
  timeoutMs,
}: Pick<NpmCommand, 'folder' | 'logFile' | 'timeoutMs'>): Promise<void> {
  await rm(join(folder, 'node_modules'), { recursive: true, force: true, maxRetries: 3 });
  const args = ['install', '--no-save', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
  await runNpm({ args, folder, logFile, timeoutMs });
}
