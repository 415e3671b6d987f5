import { Client, Receiver } from '@upstash/qstash';
import { Ratelimit } from '@upstash/ratelimit';
import { Redis } from '@upstash/redis/cloudflare';
import { uuidv7 } from 'uuidv7';
import { createDatabase, type DatabaseOptions } from '../../db/database.ts';
import postalCodeBytes from '../build/postal-codes.bin';
import { createApp, type App } from './app.ts';
import { parseConfig, type Config } from './config.ts';
import type { AppDeps } from './deps.ts';
import { createJsonLog } from './http/log.ts';
import { toProblem } from './http/problem.ts';
import { sharedLimit } from './http/rate-limits.ts';
import { within } from './http/within.ts';
import { runEveryFiveMinutes, runEveryMinute, runNightly } from './jobs/sweep.ts';
import { readPostalCodes } from './locations/rules/postal-codes.ts';
import { createCensusGeocoder } from './onboarding/census-geocoder.ts';
import { err, ok, type Result } from './rules/result.ts';

// The only file that makes real clients. They are made once per isolate, with the first request.

const DATABASE_TIMEOUT_MS = 8000;
/** What it does not answer in time the database is asked. */
const REPLICA_TIMEOUT_MS = 4000;
const REDIS_TIMEOUT_MS = 1500;
/** A Redis that does not say so soon lets a request through. */
const LIMIT_PATIENCE_MS = 300;
/** Its client has no time-out. A message that was taken after all is known by its deduplication id when it is sent again. */
const QSTASH_TIMEOUT_MS = 8000;
const NIGHTLY_CRON = '17 3 * * *';
const FIVE_MINUTES_CRON = '*/5 * * * *';

const log = createJsonLog((line) => console.log(line));

function createDeps(config: Config, env: Partial<Pick<Env, 'EDGE_LIMIT'>>): AppDeps {
  const { qstash } = config;
  const { replicaUrl, ...primary } = config.database;
  const redis = new Redis({
    ...config.redis,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    retry: false,
    signal: () => AbortSignal.timeout(REDIS_TIMEOUT_MS),
  });
  const slow: DatabaseOptions['slow'] = {
    overMs: config.slowStatementMs,
    report: (statement) => log({ event: 'slow_statement', ...statement }),
  };
  const limiter = Ratelimit.slidingWindow(config.limits.apiPerMinute, sharedLimit.window);
  return {
    config,
    database: createDatabase({ ...primary, timeoutMs: DATABASE_TIMEOUT_MS, slow }),
    replica:
      replicaUrl === null ? null : createDatabase({ ...primary, url: replicaUrl, timeoutMs: REPLICA_TIMEOUT_MS, slow }),
    redis,
    ...createQstash(qstash),
    receiver: new Receiver({ currentSigningKey: qstash.currentSigningKey, nextSigningKey: qstash.nextSigningKey }),
    geocodeBatch: createCensusGeocoder({ baseUrl: config.censusGeocoderUrl }),
    limitAtEdge: env.EDGE_LIMIT ? readLimit(env.EDGE_LIMIT) : null,
    limitForAll: new Ratelimit({ redis, limiter, prefix: sharedLimit.prefix, timeout: LIMIT_PATIENCE_MS }),
    fetch: (url, init) => fetch(url, init),
    postalCodes: readPostalCodes(postalCodeBytes),
    nowMs: () => Date.now(),
    newId: () => uuidv7(),
    log,
  };
}

function createQstash({ url, token }: Config['qstash']): Pick<AppDeps, 'qstash' | 'deadLetters'> {
  const client = new Client({ baseUrl: url, token, enableTelemetry: false, retry: { retries: 1 } });
  return {
    qstash: { batch: (messages) => within(QSTASH_TIMEOUT_MS, client.batch(messages)) },
    deadLetters: {
      listMessages: (wanted) => within(QSTASH_TIMEOUT_MS, client.dlq.listMessages(wanted)),
      retry: (letters) => within(QSTASH_TIMEOUT_MS, client.dlq.retry(letters)),
    },
  };
}

function readLimit(binding: RateLimit): (who: string) => Promise<boolean> {
  return async (who) => (await binding.limit({ key: who })).success;
}

let made: Result<{ app: App; deps: AppDeps }, readonly string[]> | null = null;

/** Fails closed: an environment that does not parse serves nothing, and the log names the settings. */
function findApp(env: Env): Result<{ app: App; deps: AppDeps }, readonly string[]> {
  if (made) return made;
  const config = parseConfig(env);
  if (config.ok) {
    const deps = createDeps(config.value, env);
    made = ok({ app: createApp(deps), deps });
  } else {
    log({ event: 'misconfigured', settings: config.error });
    made = err(config.error);
  }
  return made;
}

export default {
  fetch(request, env, ctx) {
    const found = findApp(env);
    return found.ok ? found.value.app.fetch(request, env, ctx) : toProblem({ kind: 'misconfigured' }, uuidv7());
  },
  async scheduled(controller, env) {
    const found = findApp(env);
    if (!found.ok) return;
    const { app, deps } = found.value;
    if (controller.cron === NIGHTLY_CRON) await runNightly(app, deps);
    else if (controller.cron === FIVE_MINUTES_CRON) await runEveryFiveMinutes(deps);
    else await runEveryMinute(app, deps);
  },
} satisfies ExportedHandler<Env>;
