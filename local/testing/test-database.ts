import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { startNeonHttp } from '../neon-http/server.ts';

const MAX_POOL_CONNECTIONS = 5;

export type TestDatabase = {
  /** The superuser's URL: pass it to createDatabase with `endpoint` as its fetchEndpoint, or to pg. */
  url: string;
  pool: pg.Pool;
  /** A Neon SQL-over-HTTP endpoint in front of the database. */
  endpoint: string;
  drop: () => Promise<void>;
};

/** A migrated, empty database of the test file's own. Call `drop` in afterAll. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url: serverUrl, template } = inject('testPostgres');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(serverUrl, `create database ${name} template ${template}`);

  const url = new URL(`/${name}`, serverUrl);
  const neonHttp = await startNeonHttp({ port: 0, postgres: { host: url.hostname, port: Number(url.port) } });
  const pool = new pg.Pool({ connectionString: url.href, max: MAX_POOL_CONNECTIONS });
  // A test may end its own connections; an idle one that drops is no failure of the test.
  pool.on('error', () => undefined);
  const drop = async () => {
    await neonHttp.stop();
    await pool.end();
    await runOnServer(serverUrl, `drop database ${name} with (force)`);
  };
  return { url: url.href, pool, endpoint: neonHttp.endpoint, drop };
}

async function runOnServer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client(serverUrl);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
