import { chmodSync, chownSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrateDatabase } from '../../db/migrate.ts';
import { startNeonHttp } from '../neon-http/server.ts';
import { findFreePort } from '../ports.ts';
import { PASSWORD, placeData, removePostgresData, SUPERUSER } from '../postgres-data.ts';
import { findAccount } from '../postgres-binaries.ts';
import { startPostgres, type PostgresServer } from '../postgres.ts';
import { eventually } from './eventually.ts';
import type { TestDatabase } from './test-database.ts';

const MAX_POOL_CONNECTIONS = 5;

export type TestStandby = {
  /** A migrated, empty database on a server of the test file's own. */
  primary: Omit<TestDatabase, 'drop'>;
  /** A standby that streams from it, with an endpoint of its own in front. */
  replica: Omit<TestDatabase, 'drop'>;
  /** The standby dies without a word; its endpoint stays and answers with errors. */
  killReplica: () => void;
  startReplica: () => Promise<void>;
  /** Everything that the primary has written until now is on the standby. */
  catchUp: () => Promise<void>;
  stop: () => Promise<void>;
};

/** Two servers, the second following the first: a cold copy of its data that streams on from there. */
export async function createTestStandby(): Promise<TestStandby> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-standby-'));
  chmodSync(folder, 0o711);
  const [dataDir, copyDir] = [join(folder, 'primary'), join(folder, 'standby')];
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    undo.push(
      () => removePostgresData(dataDir),
      () => removePostgresData(copyDir),
    );
    const first = await startPostgres({ dataDir, port: await findFreePort(), durable: false });
    await migrateDatabase({ url: first.url }).finally(first.stop);
    copyData({ dataDir, copyDir, primaryPort: first.port });
    const primary = await startPostgres({ dataDir, port: first.port, durable: false });
    undo.push(primary.stop);
    let standby = await startPostgres({ dataDir: copyDir, port: await findFreePort(), durable: false });
    undo.push(() => standby.stop());
    const [front, copy] = [await open(primary), await open(standby)];
    undo.push(front.drop, copy.drop);
    return {
      primary: front,
      replica: copy,
      killReplica: () => process.kill(standby.pid, 'SIGKILL'),
      startReplica: async () => {
        standby = await startPostgres({ dataDir: copyDir, port: standby.port, durable: false });
      },
      catchUp: () => waitForReplay(front.pool, copy.pool),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function copyData({ dataDir, copyDir, primaryPort }: { dataDir: string; copyDir: string; primaryPort: number }): void {
  const account = findAccount();
  const [from, to] = [placeData(dataDir, account), placeData(copyDir, account)];
  cpSync(from, to, { recursive: true });
  writeFileSync(join(to, 'standby.signal'), '');
  const source = `host=127.0.0.1 port=${primaryPort} user=${SUPERUSER} password=${PASSWORD}`;
  writeFileSync(join(to, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
  chmodSync(to, 0o700);
  if (account === null) return;
  for (const name of ['', ...readdirSync(to, { recursive: true, encoding: 'utf8' })])
    chownSync(join(to, name), account.uid, account.gid);
}

async function open({ url, port }: PostgresServer): Promise<TestDatabase> {
  const neonHttp = await startNeonHttp({ port: 0, postgres: { host: '127.0.0.1', port } });
  const pool = new pg.Pool({ connectionString: url, max: MAX_POOL_CONNECTIONS });
  pool.on('error', () => undefined);
  const drop = async (): Promise<void> => {
    await neonHttp.stop();
    await pool.end();
  };
  return { url, pool, endpoint: neonHttp.endpoint, drop };
}

async function waitForReplay(primary: pg.Pool, standby: pg.Pool): Promise<void> {
  // A last word that is flushed, for the server commits without waiting for that.
  const said = await primary.query<{ lsn: string }>(`select pg_logical_emit_message(false, 'test', '', true) as lsn`);
  const isThere = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as there';
  await eventually(async () => {
    const { rows } = await standby.query<{ there: boolean }>(isThere, [said.rows[0]?.lsn]);
    if (rows[0]?.there !== true) throw new Error('the standby is still behind');
  });
}
