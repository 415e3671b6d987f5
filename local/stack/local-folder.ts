import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const PROJECT = dirname(dirname(import.meta.dirname));

/** Where everything that the stack keeps lies: `.local` of the checkout, or SWITCHYARD_LOCAL_DIR. */
const localFolder = resolve(process.env['SWITCHYARD_LOCAL_DIR'] ?? join(PROJECT, '.local'));

export const localPaths = {
  postgres: join(localFolder, 'postgres'),
  redis: join(localFolder, 'redis'),
  qstash: join(localFolder, 'qstash.sqlite'),
  highlevel: join(localFolder, 'highlevel.sqlite'),
  n8n: join(localFolder, 'n8n'),
  wrangler: join(localFolder, 'wrangler'),
  logs: join(localFolder, 'logs'),
  secrets: join(localFolder, 'secrets.json'),
  stack: join(localFolder, 'stack.json'),
  running: join(localFolder, 'running.json'),
} as const;

export function makeLocalFolder(): void {
  for (const folder of [localFolder, localPaths.logs, localPaths.wrangler]) mkdirSync(folder, { recursive: true });
}

export function logFileOf(part: string): string {
  return join(localPaths.logs, `${part}.log`);
}
