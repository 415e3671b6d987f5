import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrateDatabase } from '../../db/migrate.ts';
import { findFreePort } from '../ports.ts';
import { removePostgresData, startPostgres } from '../postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's URL of the throwaway server, and the name of its migrated database, to be cloned and never connected to. */
    testPostgres: { url: string; template: string };
  }
}

const TEMPLATE = 'switchyard_template';
const ROOT = dirname(dirname(import.meta.dirname));
const PACK_SCRIPT = join(ROOT, 'edge-router/build-scripts/pack-postal-codes.ts');
const POSTAL_CODES = join(ROOT, 'edge-router/build/postal-codes.bin');
const PACK_TIMEOUT_MS = 120_000;

/** Vitest's globalSetup: packs the postal codes when they are stale, and starts one throwaway Postgres for the whole run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  packPostalCodes();
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-test-'));
  // mkdtemp makes it 0700; as root the server runs under another account, which must pass through.
  chmodSync(folder, 0o711);
  const undo = [() => rmSync(folder, { recursive: true, force: true })] as (() => void | Promise<void>)[];
  const tearDown = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const dataDir = join(folder, 'postgres');
    const postgres = await startPostgres({ dataDir, port: await findFreePort(), durable: false });
    undo.push(() => removePostgresData(dataDir), postgres.stop);
    await createTemplate(postgres.url);
    project.provide('testPostgres', { url: postgres.url, template: TEMPLATE });
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

async function createTemplate(serverUrl: string): Promise<void> {
  const client = new pg.Client(serverUrl);
  await client.connect();
  try {
    await client.query(`create database ${TEMPLATE}`);
  } finally {
    await client.end();
  }
  await migrateDatabase({ url: new URL(`/${TEMPLATE}`, serverUrl).href });
}

function packPostalCodes(): void {
  const isFresh = existsSync(POSTAL_CODES) && statSync(POSTAL_CODES).mtimeMs >= statSync(PACK_SCRIPT).mtimeMs;
  if (isFresh) return;
  execFileSync(process.execPath, [PACK_SCRIPT], { cwd: ROOT, stdio: 'inherit', timeout: PACK_TIMEOUT_MS });
  // The script leaves a file alone that would come out the same: note that it was looked at.
  const now = new Date();
  utimesSync(POSTAL_CODES, now, now);
}
