import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { neon, neonConfig } from '@neondatabase/serverless';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../ports.ts';
import { eventually } from '../testing/eventually.ts';
import { removePostgresData, startPostgres } from '../postgres.ts';
import type { PostgresServer } from '../postgres.ts';
import { startNeonHttp } from './server.ts';
import type { NeonHttpServer } from './server.ts';

let folder: string;
let postgres: PostgresServer;
let neonHttp: NeonHttpServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-outage-'));
  chmodSync(folder, 0o711);
  postgres = await start(await findFreePort());
  neonHttp = await startNeonHttp({ port: 0, postgres: { host: '127.0.0.1', port: postgres.port } });
  neonConfig.fetchEndpoint = neonHttp.endpoint;
});

afterAll(async () => {
  await neonHttp.stop();
  await postgres.stop();
  removePostgresData(join(folder, 'data'));
  rmSync(folder, { recursive: true, force: true });
});

function start(port: number): Promise<PostgresServer> {
  return startPostgres({ dataDir: join(folder, 'data'), port, durable: false });
}

function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => String(error),
  );
}

test('requests fail while PostgreSQL is down, the one in flight too, and succeed once it is back', async () => {
  const sql = neon(postgres.url);
  await Promise.all(Array.from({ length: 5 }, () => sql`select 1`));
  const inFlight = failureOf(sql`select pg_sleep(60), 'in flight'`);
  while (
    (await sql`select from pg_stat_activity where query like '%in flight%' and wait_event = 'PgSleep'`).length === 0
  );

  process.kill(postgres.pid, 'SIGKILL');
  expect(await inFlight).toMatch(/HTTP status 500|terminating connection/);
  // Its other sessions see that it is gone a moment later, and answer until then.
  await eventually(async () => expect(await failureOf(sql`select 1`)).toContain('HTTP status 500'));

  postgres = await start(postgres.port);
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test('a PostgreSQL that does not answer is an error after the connection timeout, not a hang', async () => {
  process.kill(postgres.pid, 'SIGSTOP');
  // Another user name means another pool, so that a new connection is needed.
  const stranger = new URL(postgres.url);
  stranger.username = 'stranger';
  expect(await failureOf(neon(stranger.href)`select 1`)).toContain('HTTP status 500');
  process.kill(postgres.pid, 'SIGCONT');
  expect(await neon(postgres.url)`select 1 as one`).toEqual([{ one: 1 }]);
});

test('when the endpoint itself is gone the driver says that it cannot connect', async () => {
  await neonHttp.stop();
  expect(await failureOf(neon(postgres.url)`select 1`)).toContain('Error connecting to database');
  neonHttp = await startNeonHttp({ port: neonHttp.port, postgres: { host: '127.0.0.1', port: postgres.port } });
  expect(await neon(postgres.url)`select 1 as one`).toEqual([{ one: 1 }]);
});

test('a taken port is refused with the name of the part', async () => {
  const again = startNeonHttp({ port: neonHttp.port, postgres: { host: '127.0.0.1', port: postgres.port } });
  await expect(again).rejects.toThrow(`Port ${neonHttp.port} (neonHttp) is taken by another program`);
});
