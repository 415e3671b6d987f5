import pg from 'pg';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

export type Address = { host: string; port: number };
export type Pools = {
  /** The pool of a connection string's user, password, database and options; the error is the message of a 400. */
  find: (connectionString: string) => Result<pg.Pool, string>;
  close: () => Promise<void>;
};

/** What a test run with many databases needs; the pool that was used longest ago makes room. */
const MAX_POOLS = 32;
const MAX_CONNECTIONS_PER_POOL = 20;
const IDLE_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5000;
/** Of one statement; Neon has no such limit, but nothing here may hang. */
const STATEMENT_TIMEOUT_MS = 60_000;

/** Pools by connection string. Its host and port are Neon's: whatever they say, the connections go to `postgres`. */
export function createPools(postgres: Address): Pools {
  const pools = new Map<string, pg.Pool>();

  function find(connectionString: string): Result<pg.Pool, string> {
    const known = pools.get(connectionString);
    if (known !== undefined) {
      // A map keeps the order of insertion: putting it last makes the first the one unused for longest.
      pools.delete(connectionString);
      pools.set(connectionString, known);
      return ok(known);
    }
    const settings = parseConnectionString(connectionString);
    if (!settings.ok) return settings;
    const pool = createPool({ ...settings.value, ...postgres });
    pools.set(connectionString, pool);
    dropOldest();
    return ok(pool);
  }

  function dropOldest(): void {
    const [oldest] = pools;
    if (pools.size <= MAX_POOLS || oldest === undefined) return;
    pools.delete(oldest[0]);
    void oldest[1].end();
  }

  async function close(): Promise<void> {
    await Promise.all([...pools.values()].map((pool) => pool.end()));
    pools.clear();
  }

  return { find, close };
}

type Settings = { user: string; password: string; database: string; options?: string; application_name?: string };

function parseConnectionString(connectionString: string): Result<Settings, string> {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) return err('invalid connection string');
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (user === '') return err('invalid connection string: missing username');
  if (password === '') return err('invalid connection string: missing password');
  if (database === '') return err('invalid connection string: missing database name');
  const options = url.searchParams.get('options');
  const applicationName = url.searchParams.get('application_name');
  return ok({
    user,
    password,
    database,
    ...(options === null ? {} : { options }),
    ...(applicationName === null ? {} : { application_name: applicationName }),
  });
}

function createPool(settings: Settings & Address): pg.Pool {
  const pool = new pg.Pool({
    ...settings,
    max: MAX_CONNECTIONS_PER_POOL,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    // Text exactly as PostgreSQL wrote it: the driver at the other end parses it.
    types: { getTypeParser: () => (text: string) => text },
  });
  // A connection that drops between two queries has nobody to tell: the pool forgets it, or the next query on it fails.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
