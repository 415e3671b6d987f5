// n8n-nodes-switchyard as people install it: built, packed, and unpacked into n8n's folder of community nodes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { runNpm } from '../npm.ts';
import { logFileOf, PROJECT } from '../stack/local-folder.ts';
import { provideNodeTools } from './node-tools.ts';

const FOLDER = join(PROJECT, 'n8n-nodes');
const BUILD_TIMEOUT_MS = 5 * 60_000;
/** What the tarball is made of: the same again is the same tarball. */
const SOURCES = ['{nodes,credentials,icons}/**/*', 'package.json', 'package-lock.json', 'tsconfig.json', 'README.md'];

/** Builds and packs the package. @returns the tarball's file; one that is there already when nothing has changed since */
export async function packNodes(report: (doing: string) => void): Promise<string> {
  const { name, version } = readManifest();
  const destination = join(PROJECT, '.local/n8n-nodes', hashSources());
  const tarball = join(destination, `${name}-${version}.tgz`);
  if (existsSync(tarball)) return tarball;
  await provideNodeTools(report);
  report('building n8n-nodes-switchyard');
  const run = { folder: FOLDER, logFile: logFileOf('n8n-nodes-build'), timeoutMs: BUILD_TIMEOUT_MS };
  await runNpm({ ...run, args: ['run', 'build'] });
  mkdirSync(destination, { recursive: true });
  await runNpm({ ...run, logFile: logFileOf('n8n-nodes-pack'), args: ['pack', '--pack-destination', destination] });
  return tarball;
}

/** Unpacks the tarball where n8n looks for community packages, in the place of what was there. */
export function unpackNodes(tarball: string, userFolder: string): void {
  const target = join(userFolder, '.n8n/nodes/node_modules', readManifest().name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['xzf', tarball, '--strip-components=1', '-C', target]);
}

function readManifest(): { name: string; version: string } {
  const manifest: unknown = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'));
  return z.object({ name: z.string(), version: z.string() }).parse(manifest);
}

function hashSources(): string {
  const hash = createHash('sha256');
  for (const file of globSync(SOURCES, { cwd: FOLDER, withFileTypes: true }).filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name);
    hash.update(path.slice(FOLDER.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
