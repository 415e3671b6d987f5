// Everything that a brand's router stands on, each part a process of its own on loopback with its own data, and each can be killed.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase } from '../db/migrate.ts';
import { brandIds } from '../local/highlevel/admin/brand.ts';
import { app } from '../local/highlevel/modules/app-installations.ts';
import { createSigningKey, toPublicKeyPem } from '../local/highlevel/webhooks/signing.ts';
import { findFreePort } from '../local/ports.ts';
import { removePostgresData, startPostgres } from '../local/postgres.ts';
import { startRedis } from '../local/redis.ts';
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

/** Takes down what it is given, last first. */
type OnStarted = (stop: () => unknown) => void;

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
  const signingKey = createSigningKey();
  const secrets = chooseSecrets();
  const built = buildWorker({ outDir: bundleDir });
  built.catch(() => undefined);
  let databaseUrl = '';
  onStarted(() => removePostgresData(join(folder, 'postgres')));
  const postgres = await startPart(onStarted, async () => {
    const running = await startPostgres({ dataDir: join(folder, 'postgres'), port: ports.postgres, durable: true });
    databaseUrl = running.url;
    return running;
  });
  const redis = await startPart(onStarted, () => startRedis({ port: ports.redis, dataDir: join(folder, 'redis') }));
  const standIns = describeStandIns({ folder, ports, signingKey, secrets });
  const startOne = (standIn: (typeof standIns)[keyof typeof standIns]) =>
    startPart(onStarted, () => startStandInProcess(standIn));
  await Promise.all([startOne(standIns.neonHttp), startOne(standIns.upstashRedis)]);
  const [qstash, sandbox] = await Promise.all([startOne(standIns.qstash), startOne(standIns.sandbox)]);
  await Promise.all([migrateDatabase({ url: databaseUrl }), built]);
  const logs: (() => string)[] = [];
  const bindings = describeBindings({ ports, databaseUrl, signingKey, secrets });
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
    sandboxUrl: addressOf(ports.sandbox),
    signingKey,
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
type Secrets = ReturnType<typeof chooseSecrets>;

async function choosePorts() {
  return {
    postgres: await findFreePort(),
    redis: await findFreePort(),
    neonHttp: await findFreePort(),
    upstashRedis: await findFreePort(),
    qstash: await findFreePort(),
    sandbox: await findFreePort(),
    edge: await findFreePort(),
    cron: await findFreePort(),
  };
}

function chooseSecrets() {
  const secret = (): string => randomBytes(24).toString('base64url');
  return {
    redisToken: secret(),
    qstashToken: secret(),
    currentSigningKey: `sig_${secret()}`,
    nextSigningKey: `sig_${secret()}`,
    personHashKey: secret(),
    eventSigningKey: secret(),
    agencyToken: `pit-${secret()}`,
    clientSecret: secret(),
    tokenKey: secret(),
  };
}

function describeStandIns(stack: { folder: string; ports: Ports; signingKey: string; secrets: Secrets }) {
  const { folder, ports, signingKey, secrets } = stack;
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
        CURRENT_SIGNING_KEY: secrets.currentSigningKey,
        NEXT_SIGNING_KEY: secrets.nextSigningKey,
        TIME_SCALE: String(TIME_SCALE),
      },
    },
    sandbox: {
      folder: 'highlevel',
      port: ports.sandbox,
      env: {
        FILE: join(folder, 'highlevel.sqlite'),
        AGENCY_TOKEN: secrets.agencyToken,
        CLIENT_ID: clientId,
        CLIENT_SECRET: secrets.clientSecret,
        SIGNING_KEY: signingKey,
        SETTINGS: JSON.stringify({ timeScale: TIME_SCALE, rateLimits: { timeScale: TIME_SCALE } }),
      },
    },
  } as const;
}

const clientId = `${app.id}-soak`;

function describeBindings(stack: { ports: Ports; databaseUrl: string; signingKey: string; secrets: Secrets }) {
  const { ports, databaseUrl, signingKey, secrets } = stack;
  const sandboxUrl = addressOf(ports.sandbox);
  return {
    PUBLIC_URL: addressOf(ports.edge),
    DATABASE_URL: databaseUrl,
    NEON_FETCH_ENDPOINT: `${addressOf(ports.neonHttp)}/sql`,
    UPSTASH_REDIS_REST_URL: addressOf(ports.upstashRedis),
    UPSTASH_REDIS_REST_TOKEN: secrets.redisToken,
    QSTASH_URL: addressOf(ports.qstash),
    QSTASH_TOKEN: secrets.qstashToken,
    QSTASH_CURRENT_SIGNING_KEY: secrets.currentSigningKey,
    QSTASH_NEXT_SIGNING_KEY: secrets.nextSigningKey,
    PERSON_HASH_KEY: secrets.personHashKey,
    EVENT_SIGNING_KEY: secrets.eventSigningKey,
    HIGHLEVEL_BASE_URL: sandboxUrl,
    HIGHLEVEL_AUTHORIZE_URL: `${sandboxUrl}/v2/oauth/chooselocation`,
    HIGHLEVEL_COMPANY_ID: brandIds.company,
    HIGHLEVEL_APP_ID: app.id,
    HIGHLEVEL_CLIENT_ID: clientId,
    HIGHLEVEL_CLIENT_SECRET: secrets.clientSecret,
    HIGHLEVEL_AGENCY_TOKEN: secrets.agencyToken,
    HIGHLEVEL_TOKEN_KEY: secrets.tokenKey,
    HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: toPublicKeyPem(signingKey),
    ONBOARDING_TIME_SCALE: String(TIME_SCALE),
  };
}

function addressOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}
