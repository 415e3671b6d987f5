import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import pg from 'pg';
import { createDatabase } from '../../db/database.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { createApiKey } from '../../db/queries/create-api-key.ts';
import { brandIds } from '../highlevel/admin/brand.ts';
import { toPublicKeyPem } from '../highlevel/webhooks/signing.ts';
import { assertPortFree, ports } from '../ports.ts';
import type { PortName } from '../ports.ts';
import { startPostgres } from '../postgres.ts';
import { provideRedisProgram } from '../redis-program.ts';
import { startRedis } from '../redis.ts';
import { n8nUrl, OWNER_EMAIL } from '../n8n/environment.ts';
import { startN8n } from '../n8n/start-n8n.ts';
import { edgeUrl, HIGHLEVEL_TIME_SCALE, startEdgeRouter } from './edge-router.ts';
import { connectHighlevel } from './connect-highlevel.ts';
import { localPaths, logFileOf } from './local-folder.ts';
import { runStep } from './progress.ts';
import type { LocalSecrets } from './secrets.ts';
import type { StackFile } from './stack-file.ts';
import { storeBrandSettings } from './store-brand-settings.ts';
import { startStandIn } from './stand-in.ts';

const DATABASE_TIMEOUT_MS = 15_000;
const STARTED_HERE: readonly PortName[] = [
  'postgres',
  'redis',
  'neonHttp',
  'upstashRedis',
  'qstash',
  'highlevel',
  'census',
  'edge',
];

export type Part = {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly stop: () => Promise<void>;
};

type Starting = {
  readonly secrets: LocalSecrets;
  readonly withN8n: boolean;
  /** Each part is handed over as soon as it runs, so that it can be stopped when a later one fails. */
  readonly onStarted: (part: Part) => void;
};

/** Starts every part in order, with a line for each. Throws, with the part's own words, at the first that does not start. */
export async function startParts({
  secrets,
  withN8n,
  onStarted,
}: Starting): Promise<Omit<StackFile, 'pids' | 'startedAt'>> {
  for (const name of STARTED_HERE) await assertPortFree({ name, port: ports[name] });
  const databaseUrl = await startDatabase(onStarted);
  await startRedisServer(onStarted);
  await startStandIns(secrets, onStarted);
  await storeApiKey(databaseUrl, secrets.apiKey);
  await runStep('edge router', async () => {
    const { pid, stop } = await startEdgeRouter({ secrets, databaseUrl });
    onStarted({ name: 'edge-router', pid, stop, logFile: logFileOf('edge-router') });
    return { value: null, done: `edge router on ${edgeUrl} (wrangler dev, ready)` };
  });
  await runStep('HighLevel connection', async () => {
    const isNew = await connectHighlevel({ edge: edgeUrl, apiKey: secrets.apiKey });
    return { value: null, done: `HighLevel connection ${isNew ? 'made' : 'kept'}: the sandbox let the app in` };
  });
  await runStep('onboarding settings', async () => {
    const isNew = await storeBrandSettings({ edge: edgeUrl, apiKey: secrets.apiKey });
    return { value: null, done: `onboarding settings ${isNew ? "made: the sandbox's brand" : 'kept'}` };
  });
  const n8n = withN8n ? await startEditor(secrets, onStarted) : {};
  return {
    ...n8n,
    edge: edgeUrl,
    apiKey: secrets.apiKey,
    qstash: addressOf('qstash'),
    qstashToken: secrets.qstashToken,
    redis: addressOf('upstashRedis'),
    redisToken: secrets.redisToken,
    redisPort: ports.redis,
    postgres: databaseUrl,
    highlevel: addressOf('highlevel'),
    highlevelCompanyId: brandIds.company,
    highlevelAgencyToken: secrets.highlevelAgencyToken,
    highlevelWebhookPublicKey: toPublicKeyPem(secrets.highlevelSigningKey),
    neonHttp: `${addressOf('neonHttp')}/sql`,
  };
}

/** Without n8n the rest is of use all the same: that it does not start is told, and stops nothing. */
async function startEditor(
  secrets: LocalSecrets,
  onStarted: Starting['onStarted'],
): Promise<Pick<StackFile, 'n8n' | 'n8nEmail' | 'n8nPassword'>> {
  try {
    await runStep('n8n', async (report) => {
      const { addedWorkflows } = await startN8n(secrets, {
        report,
        onStarted: ({ pid, stop }) => onStarted({ name: 'n8n', pid, stop, logFile: logFileOf('n8n') }),
      });
      const added = addedWorkflows > 0 ? `, ${addedWorkflows} workflows added` : '';
      return { value: null, done: `n8n on ${n8nUrl} (with the nodes of this checkout${added})` };
    });
    return { n8n: n8nUrl, n8nEmail: OWNER_EMAIL, n8nPassword: secrets.n8nPassword };
  } catch (error) {
    console.log(`${error instanceof Error ? error.message : String(error)}\n  The rest starts without it.`);
    return {};
  }
}

async function startDatabase(onStarted: Starting['onStarted']): Promise<string> {
  const url = await runStep('postgres', async (report) => {
    const isNew = ![localPaths.postgres, `${localPaths.postgres}.location`].some((path) => existsSync(path));
    if (isNew) report('initdb: a new database folder');
    const { url, pid, stop } = await startPostgres({
      dataDir: localPaths.postgres,
      port: ports.postgres,
      durable: true,
    });
    onStarted({ name: 'postgres', pid, stop, logFile: `${localPaths.postgres}.log` });
    return { value: url, done: `postgres ${await askPostgresVersion(url)} on 127.0.0.1:${ports.postgres}` };
  });
  await runStep('migrations', async () => {
    const { applied } = await migrateDatabase({ url });
    const done = applied.length === 0 ? 'migrations: nothing to apply' : `migrations: ${applied.length} applied`;
    return { value: null, done };
  });
  return url;
}

async function askPostgresVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: DATABASE_TIMEOUT_MS });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? '';
  } finally {
    await client.end();
  }
}

async function startRedisServer(onStarted: Starting['onStarted']): Promise<void> {
  await runStep('redis', async (report) => {
    const { version } = await provideRedisProgram(report);
    const { pid, stop } = await startRedis({ port: ports.redis, dataDir: localPaths.redis });
    onStarted({ name: 'redis', pid, stop, logFile: `${localPaths.redis}.log` });
    return { value: null, done: `redis ${version} on 127.0.0.1:${ports.redis}` };
  });
}

async function startStandIns(secrets: LocalSecrets, onStarted: Starting['onStarted']): Promise<void> {
  const standIns = [
    {
      name: 'neonHttp',
      folder: 'neon-http',
      does: "Neon's HTTP endpoint",
      env: { PGHOST: '127.0.0.1', PGPORT: String(ports.postgres) },
    },
    {
      name: 'upstashRedis',
      folder: 'upstash-redis',
      does: "Upstash's REST",
      env: {
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: String(ports.redis),
        TOKEN: secrets.redisToken,
        READ_ONLY_TOKEN: secrets.redisReadOnlyToken,
      },
    },
    {
      name: 'qstash',
      folder: 'qstash',
      does: 'QStash',
      env: {
        FILE: localPaths.qstash,
        TOKEN: secrets.qstashToken,
        CURRENT_SIGNING_KEY: secrets.qstashCurrentSigningKey,
        NEXT_SIGNING_KEY: secrets.qstashNextSigningKey,
      },
    },
    {
      name: 'highlevel',
      folder: 'highlevel',
      does: "HighLevel's API",
      env: {
        FILE: localPaths.highlevel,
        AGENCY_TOKEN: secrets.highlevelAgencyToken,
        CLIENT_ID: secrets.highlevelClientId,
        CLIENT_SECRET: secrets.highlevelClientSecret,
        SIGNING_KEY: secrets.highlevelSigningKey,
        SETTINGS: JSON.stringify({
          timeScale: HIGHLEVEL_TIME_SCALE,
          // The budgets too, or a hundred locations would wait a minute for the company's.
          rateLimits: { timeScale: HIGHLEVEL_TIME_SCALE / 6 },
          app: { webhookUrl: `${edgeUrl}/v1/webhooks/highlevel` },
        }),
      },
    },
    { name: 'census', folder: 'census', does: "the US Census Bureau's geocoder", env: {} },
  ] as const;
  for (const { does, ...standIn } of standIns) {
    await runStep(standIn.folder, async () => {
      const { pid, stop } = await startStandIn(standIn);
      onStarted({ name: standIn.folder, pid, stop, logFile: logFileOf(standIn.folder) });
      return { value: null, done: `${standIn.folder} (${does}) on ${addressOf(standIn.name)}` };
    });
  }
}

/** Only its hash is stored; the key itself stays in this checkout's secrets. Every start, since the data may be new. */
async function storeApiKey(url: string, apiKey: string): Promise<void> {
  const fetchEndpoint = `${addressOf('neonHttp')}/sql`;
  const database = createDatabase({ url, fetchEndpoint, timeoutMs: DATABASE_TIMEOUT_MS });
  const keyHash = createHash('sha256').update(apiKey).digest('hex');
  await createApiKey(database, { name: 'local', keyHash, scopes: ['*'], expiresAt: null });
}

function addressOf(name: PortName): string {
  return `http://127.0.0.1:${ports[name]}`;
}
