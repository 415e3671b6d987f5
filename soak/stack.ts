// Everything that a brand's router stands on, each part a process of its own on loopback with its own data, and each can be killed.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase } from '../db/migrate.ts';
import { findFreePort } from '../local/ports.ts';
import { removePostgresData, startPostgres } from '../local/postgres.ts';
import { startRedis } from '../local/redis.ts';
import {
  addressOf,
  describeRouterEnvironment,
  makeRouterSecrets,
  type RouterSecrets,
} from '../local/router-environment.ts';
import type { OnStarted } from '../local/run-and-stop.ts';
import { startStandInProcess } from '../local/stand-in-process.ts';
import { buildWorker, startWorkerd } from '../local/workerd.ts';
import { TIME_SCALE } from './pace.ts';

export const partNames = ['redis', 'postgres', 'qstash', 'sandbox', 'workerd'] as const;
export type PartName = (typeof partNames)[number];

export interface Part {
  /** kill -9, whatever it is in the middle of. */
  readonly kill: () => Promise<void>;
  /** At its old address, over the data that the killed one left. */
  readonly restart: () => Promise<void>;
}

export interface SoakStack {
  readonly parts: Readonly<Record<PartName, Part>>;
  readonly databaseUrl: string;
  readonly edgeUrl: string;
  readonly cronUrl: string;
  readonly sandboxUrl: string;
  /** HighLevel's, which its webhooks are signed with. */
  readonly signingKey: string;
  /** Of the router. */
  readonly secrets: readonly string[];
  /** What all the Workers of this stack have logged. */
  readonly readLog: () => string;
}

interface Process {
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

/** What has started is handed to `onStarted` at once, also when a later part fails. */
export async function startSoakStack(onStarted: OnStarted): Promise<SoakStack> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-soak-'));
  // mkdtemp makes it 0700; as root Postgres runs under another account, which must pass through.
  chmodSync(folder, 0o711);
  onStarted(() => rmSync(folder, { recursive: true, force: true }));
  const bundleDir = join(folder, 'router');
  mkdirSync(bundleDir);
  const ports = await choosePorts();
  const secrets = makeRouterSecrets();
  const built = buildWorker({ outDir: bundleDir, onStarted });
  built.catch(() => undefined);
  let databaseUrl = '';
  onStarted(() => removePostgresData(join(folder, 'postgres')));
  const postgres = await startPart(onStarted, async () => {
    const running = await startPostgres({ dataDir: join(folder, 'postgres'), port: ports.postgres, durable: true });
    databaseUrl = running.url;
    return running;
  });
  const redis = await startPart(onStarted, () => startRedis({ port: ports.redis, dataDir: join(folder, 'redis') }));
  const standIns = describeStandIns({ folder, ports, secrets });
  const startOne = (standIn: (typeof standIns)[keyof typeof standIns]) =>
    startPart(onStarted, () => startStandInProcess(standIn));
  await Promise.all([startOne(standIns.neonHttp), startOne(standIns.upstashRedis)]);
  const [qstash, sandbox] = await Promise.all([startOne(standIns.qstash), startOne(standIns.sandbox)]);
  await Promise.all([migrateDatabase({ url: databaseUrl }), built]);
  const logs: (() => string)[] = [];
  const environment = describeRouterEnvironment({ ports, databaseUrl, secrets });
  const bindings = { ...environment, ONBOARDING_TIME_SCALE: String(TIME_SCALE) };
  const workerd = await startPart(onStarted, async () => {
    const running = await startWorkerd({ bundleDir, port: ports.edge, cronPort: ports.cron, bindings });
    logs.push(running.readLog);
    return running;
  });
  return {
    parts: { postgres, redis, qstash, sandbox, workerd },
    databaseUrl,
    edgeUrl: addressOf(ports.edge),
    cronUrl: addressOf(ports.cron),
    sandboxUrl: addressOf(ports.highlevel),
    signingKey: secrets.highlevelSigningKey,
    secrets: [...Object.values(secrets), databaseUrl],
    readLog: () => logs.map((read) => read()).join(''),
  };
}

/** Starts it, and again whenever it was killed. */
async function startPart(onStarted: OnStarted, start: () => Promise<Process>): Promise<Part> {
  let running = await start();
  onStarted(() => running.stop());
  return {
    kill: () => running.kill(),
    restart: async () => {
      running = await start();
    },
  };
}

type Ports = Awaited<ReturnType<typeof choosePorts>>;

async function choosePorts() {
  return {
    postgres: await findFreePort(),
    redis: await findFreePort(),
    neonHttp: await findFreePort(),
    upstashRedis: await findFreePort(),
    qstash: await findFreePort(),
    highlevel: await findFreePort(),
    edge: await findFreePort(),
    cron: await findFreePort(),
  };
}

function describeStandIns(stack: { folder: string; ports: Ports; secrets: RouterSecrets }) {
  const { folder, ports, secrets } = stack;
  const loopback = '127.0.0.1';
  return {
    neonHttp: {
      folder: 'neon-http',
      port: ports.neonHttp,
      env: { PGHOST: loopback, PGPORT: String(ports.postgres) },
    },
    upstashRedis: {
      folder: 'upstash-redis',
      port: ports.upstashRedis,
      env: { REDIS_HOST: loopback, REDIS_PORT: String(ports.redis), TOKEN: secrets.redisToken },
    },
    qstash: {
      folder: 'qstash',
      port: ports.qstash,
      env: {
        FILE: join(folder, 'qstash.sqlite'),
        TOKEN: secrets.qstashToken,
        CURRENT_SIGNING_KEY: secrets.qstashCurrentSigningKey,
        NEXT_SIGNING_KEY: secrets.qstashNextSigningKey,
        TIME_SCALE: String(TIME_SCALE),
      },
    },
    sandbox: {
      folder: 'highlevel',
      port: ports.highlevel,
      env: {
        FILE: join(folder, 'highlevel.sqlite'),
        AGENCY_TOKEN: secrets.highlevelAgencyToken,
        CLIENT_ID: secrets.highlevelClientId,
        CLIENT_SECRET: secrets.highlevelClientSecret,
        SIGNING_KEY: secrets.highlevelSigningKey,
        SETTINGS: JSON.stringify({ timeScale: TIME_SCALE, rateLimits: { timeScale: TIME_SCALE } }),
      },
    },
  } as const;
}
