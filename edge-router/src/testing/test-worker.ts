import { createHash, randomBytes } from 'node:crypto';
import { findFreePort } from '../../../local/ports.ts';
import type { TestDatabase } from '../../../local/testing/test-database.ts';
import type { TestRedis } from '../../../local/testing/test-redis.ts';
import { startWorkerd, type Workerd } from '../../../local/workerd.ts';
import { buildInit, type SendOptions } from './build-init.ts';
import { refuseSecrets } from './secrets-in-logs.ts';

export const TEST_QSTASH_SECRETS = {
  token: 'qstash-token',
  currentSigningKey: 'sig_current_key',
  nextSigningKey: 'sig_next_key',
};

/** Ends what hangs. */
const SEND_TIMEOUT_MS = 30_000;

export interface TestWorker {
  readonly url: string;
  readonly bindings: Readonly<Record<string, string>>;
  readonly send: (method: string, path: string, options?: SendOptions & { signal?: AbortSignal }) => Promise<Response>;
  /** Ends it politely or with kill -9; either throws where its log holds a secret. */
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
  /** Starts it again at its address, as a new isolate. */
  readonly start: () => Promise<void>;
}

/** The bundle as it is deployed, under workerd; with a key that has every scope. */
export async function startTestWorker(options: {
  /** Where `buildWorker` put the bundle. */
  readonly bundleDir: string;
  readonly database: TestDatabase;
  readonly redis: TestRedis;
  readonly qstashUrl: string;
  /** Of the environment, besides what every Worker needs. */
  readonly bindings?: Readonly<Record<string, string>>;
}): Promise<TestWorker> {
  const { bundleDir, database, redis, qstashUrl } = options;
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const bindings = {
    PUBLIC_URL: url,
    DATABASE_URL: database.url,
    NEON_FETCH_ENDPOINT: database.endpoint,
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    QSTASH_URL: qstashUrl,
    QSTASH_TOKEN: TEST_QSTASH_SECRETS.token,
    QSTASH_CURRENT_SIGNING_KEY: TEST_QSTASH_SECRETS.currentSigningKey,
    QSTASH_NEXT_SIGNING_KEY: TEST_QSTASH_SECRETS.nextSigningKey,
    PERSON_HASH_KEY: randomBytes(32).toString('hex'),
    EVENT_SIGNING_KEY: randomBytes(32).toString('hex'),
    ...options.bindings,
  };
  const apiKey = `swy_${randomBytes(24).toString('base64url')}`;
  await database.pool.query(`insert into api_keys (name, key_hash, scopes) values ('test', $1, '{*}')`, [
    createHash('sha256').update(apiKey).digest(),
  ]);
  const secrets = [apiKey, ...Object.entries(bindings).flatMap(([name, value]) => (isSecret(name) ? [value] : []))];
  let running = await startWorkerd({ bundleDir, port, bindings });
  const end = async (how: (worker: Workerd) => Promise<void>): Promise<void> => {
    await how(running);
    refuseSecrets(running.readLog(), secrets);
  };
  return {
    url,
    bindings,
    send: (method, path, { signal = AbortSignal.timeout(SEND_TIMEOUT_MS), ...options } = {}) =>
      fetch(`${url}${path}`, { ...buildInit(method, { apiKey, ...options }), signal }),
    stop: () => end((worker) => worker.stop()),
    kill: () => end((worker) => worker.kill()),
    start: async () => {
      running = await startWorkerd({ bundleDir, port, bindings });
    },
  };
}

function isSecret(name: string): boolean {
  return /(TOKEN|KEY|SECRET)$/.test(name) || /^DATABASE_.*URL$/.test(name);
}
