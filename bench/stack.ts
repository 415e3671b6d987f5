import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrateDatabase } from '../db/migrate.ts';
import { findFreePort } from '../local/ports.ts';
import { removePostgresData, startPostgres } from '../local/postgres.ts';
import { startRedis } from '../local/redis.ts';
import {
  addressOf,
  describeRouterEnvironment,
  makeRouterSecrets,
  type RouterSecrets,
  type RouterSurroundings,
} from '../local/router-environment.ts';
import type { OnStarted } from '../local/run-and-stop.ts';
import { startStandInProcess } from '../local/stand-in-process.ts';
import { buildWorker, startWorkerd } from '../local/workerd.ts';

/** Nobody calls HighLevel here: its webhooks are known by their signature, and tell of nothing that would have to be read. */
const NOBODY_LISTENS = 9;
const WITHOUT_LIMITS = { LEADS_PER_10_SECONDS: '10000000', API_CALLS_PER_MINUTE: '10000000' };

export interface BenchStack {
  readonly pool: pg.Pool;
  readonly apiKey: string;
  /** What webhooks are signed with, as HighLevel's are. */
  readonly signingKey: string;
  readonly routerPort: number;
  readonly baselinePort: number;
  readonly redis: { readonly url: string; readonly token: string };
}

/**
 * A whole stack on free ports over a throwaway folder: durable Postgres, Redis, the stand-ins as processes, the router's bundle and
 * the baseline's under workerd. What has started is handed to `onStarted` at once, also when a later part fails.
 */
export async function startBenchStack(onStarted: OnStarted): Promise<BenchStack> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
  // mkdtemp makes it 0700; as root the server runs under another account, which must pass through.
  chmodSync(folder, 0o711);
  onStarted(() => rmSync(folder, { recursive: true, force: true }));
  const [routerDir, baselineDir] = [join(folder, 'router'), join(folder, 'baseline')];
  for (const bundle of [routerDir, baselineDir]) mkdirSync(bundle);
  const [databaseUrl, redisPort] = await Promise.all([
    startDatabase(folder, onStarted),
    startRedisServer(onStarted),
    buildWorker({ outDir: routerDir, onStarted }),
    buildWorker({ outDir: baselineDir, configFile: join(import.meta.dirname, 'baseline/wrangler.toml'), onStarted }),
  ]);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  onStarted(() => pool.end());
  const apiKey = `swy_${randomBytes(24).toString('base64url')}`;
  await prepareTables(pool, apiKey);
  const secrets = makeRouterSecrets();
  const ports = await startParts({ folder, databaseUrl, redisPort, secrets, onStarted });
  const router = { ...describeRouterEnvironment({ ports, databaseUrl, secrets }), ...WITHOUT_LIMITS };
  const baseline = { ...router, API_KEY_HASH: createHash('sha256').update(apiKey).digest('hex') };
  const [routerPort, baselinePort] = [ports.edge, await findFreePort()];
  const started = await Promise.all([
    startWorkerd({ bundleDir: routerDir, port: routerPort, bindings: router }),
    startWorkerd({ bundleDir: baselineDir, port: baselinePort, bindings: baseline }),
  ]);
  for (const { stop } of started) onStarted(stop);
  const redis = { url: addressOf(ports.upstashRedis), token: secrets.redisToken };
  return { pool, apiKey, signingKey: secrets.highlevelSigningKey, routerPort, baselinePort, redis };
}

async function startDatabase(folder: string, onStarted: OnStarted): Promise<string> {
  const dataDir = join(folder, 'postgres');
  onStarted(() => removePostgresData(dataDir));
  const postgres = await startPostgres({ dataDir, port: await findFreePort(), durable: true });
  onStarted(postgres.stop);
  await migrateDatabase({ url: postgres.url });
  return postgres.url;
}

async function startRedisServer(onStarted: OnStarted): Promise<number> {
  const redis = await startRedis({ port: await findFreePort(), dataDir: null });
  onStarted(redis.stop);
  return redis.port;
}

/** The floor's table has what a lead has, one index, and nothing else. */
async function prepareTables(pool: pg.Pool, apiKey: string): Promise<void> {
  await pool.query(`create table bench_leads (
    id uuid primary key, created_at timestamptz not null default now(), source text not null, external_id text,
    first_name text, last_name text, email text, phone text, postal_code text, service text, metadata jsonb)`);
  await pool.query(`insert into api_keys (name, key_hash, scopes) values ('bench', $1, '{*}')`, [
    createHash('sha256').update(apiKey).digest(),
  ]);
}

async function startParts(parts: {
  folder: string;
  databaseUrl: string;
  redisPort: number;
  secrets: RouterSecrets;
  onStarted: OnStarted;
}): Promise<RouterSurroundings['ports']> {
  const { folder, databaseUrl, redisPort, secrets, onStarted } = parts;
  const postgresPort = new URL(databaseUrl).port;
  const [neonHttp, upstashRedis, qstash] = await Promise.all([
    startStandIn('neon-http', { PGHOST: '127.0.0.1', PGPORT: postgresPort }, onStarted),
    startStandIn(
      'upstash-redis',
      { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redisPort), TOKEN: secrets.redisToken },
      onStarted,
    ),
    startStandIn(
      'qstash',
      {
        FILE: join(folder, 'qstash.sqlite'),
        TOKEN: secrets.qstashToken,
        CURRENT_SIGNING_KEY: secrets.qstashCurrentSigningKey,
        NEXT_SIGNING_KEY: secrets.qstashNextSigningKey,
      },
      onStarted,
    ),
  ]);
  return { edge: await findFreePort(), neonHttp, upstashRedis, qstash, highlevel: NOBODY_LISTENS };
}

/** @returns its port */
async function startStandIn(folder: string, env: Record<string, string>, onStarted: OnStarted): Promise<number> {
  const { port, stop } = await startStandInProcess({ folder, env, port: 0 });
  onStarted(stop);
  return port;
}
