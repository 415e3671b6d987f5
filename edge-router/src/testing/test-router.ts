import { Receiver, type Client } from '@upstash/qstash';
import { Ratelimit } from '@upstash/ratelimit';
import type { Redis } from '@upstash/redis';
import { uuidv7 } from 'uuidv7';
import { createDatabase } from '../../../db/database.ts';
import { createApiKey } from '../../../db/queries/create-api-key.ts';
import type { TestDatabase } from '../../../local/testing/test-database.ts';
import { err } from '../rules/result.ts';
import { createApp, type App } from '../app.ts';
import type { Config, HighlevelConfig } from '../config.ts';
import type { AppDeps } from '../deps.ts';
import { hashText } from '../http/hash.ts';
import { createJsonLog } from '../http/log.ts';
import { sharedLimit } from '../http/rate-limits.ts';
import { getPostalCodes } from '../locations/testing/postal-codes.ts';
import { buildInit, type SendOptions } from './build-init.ts';
import { refuseSecrets } from './secrets-in-logs.ts';

export const TEST_SIGNING_KEYS = { currentSigningKey: 'sig_test_current_key', nextSigningKey: 'sig_test_next_key' };

/** Long: a thousand leads at once wait for each other, and for whatever else keeps the machine busy. */
const DATABASE_TIMEOUT_MS = 60_000;

type QstashMessage = Parameters<Client['batch']>[0][number];

/** A message as it was handed to QStash, with what tests look at. The router's have an address, a text, and a delay in seconds. */
export interface SentMessage extends Pick<QstashMessage, 'deduplicationId' | 'flowControl' | 'redact'> {
  readonly url: string;
  readonly body: string;
  readonly delay?: number;
}

export interface TestRouter {
  readonly app: App;
  readonly deps: AppDeps;
  /** A key with every scope. */
  readonly apiKey: string;
  /** Everything handed to QStash so far, in order. */
  readonly sent: SentMessage[];
  /** The log's lines, as they would be written. */
  readonly logged: string[];
  readonly send: (method: string, path: string, options?: SendOptions) => Promise<Response>;
  /** Hands over a request as it is. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Waits for everything that requests left running in the background. */
  readonly settle: () => Promise<void>;
}

type TestRouterRedis = AppDeps['redis'] & Pick<Redis, 'evalsha'>;

export interface TestRouterOptions {
  readonly database: Pick<TestDatabase, 'url' | 'endpoint'>;
  readonly replica?: AppDeps['replica'];
  readonly redis?: TestRouterRedis;
  readonly qstash?: AppDeps['qstash'];
  /** None where it is left out. */
  readonly deadLetters?: AppDeps['deadLetters'];
  readonly geocodeBatch?: AppDeps['geocodeBatch'];
  readonly nowMs?: () => number;
  readonly maxLocations?: number;
  readonly allowPrivateTargets?: boolean;
  readonly onboardingTimeScale?: number;
  readonly onboardingMaxActiveRows?: number;
  /** Where QStash finds it; an address that nobody listens at where it is left out. */
  readonly publicUrl?: string;
  /** What the jobs that come to it are signed with. */
  readonly receiver?: AppDeps['receiver'];
  readonly highlevel?: HighlevelConfig;
  readonly fetch?: AppDeps['fetch'];
  readonly limits?: Partial<Config['limits']>;
  readonly limitAtEdge?: AppDeps['limitAtEdge'];
}

/** The whole router over a real database; Redis and QStash are the caller's, or a Redis that is down and a list. */
export async function createTestRouter(options: TestRouterOptions): Promise<TestRouter> {
  const sent: SentMessage[] = [];
  const logged: string[] = [];
  const config: Config = {
    publicUrl: options.publicUrl ?? 'https://router.test',
    directoryMaxLocations: options.maxLocations ?? 150_000,
    highlevel: options.highlevel ?? null,
    limits: { edgePer10Seconds: 10_000, apiPerMinute: 6000, ...options.limits },
    database: { url: options.database.url, replicaUrl: null, fetchEndpoint: options.database.endpoint },
    redis: { url: 'http://127.0.0.1:9', token: 'unused' },
    qstash: { url: 'http://127.0.0.1:9', token: 'unused', ...TEST_SIGNING_KEYS },
    censusGeocoderUrl: 'http://127.0.0.1:9',
    personHashKey: 'a key for tests that is long enough',
    eventSigningKey: 'another key for tests that is long enough',
    allowPrivateTargets: options.allowPrivateTargets ?? false,
    onboardingMaxActiveRows: options.onboardingMaxActiveRows ?? 5,
    onboardingTimeScale: options.onboardingTimeScale ?? 1,
    parkedAlarmMinutes: 60,
    slowStatementMs: 1000,
  };
  const redis = options.redis ?? createAbsentRedis();
  const deps: AppDeps = {
    config,
    database: createDatabase({ ...config.database, timeoutMs: DATABASE_TIMEOUT_MS }),
    replica: options.replica ?? null,
    redis,
    qstash: options.qstash ?? createRecordingQstash(sent),
    deadLetters: options.deadLetters ?? noDeadLetters,
    receiver: options.receiver ?? new Receiver(TEST_SIGNING_KEYS),
    limitAtEdge: options.limitAtEdge ?? null,
    limitForAll: new Ratelimit({
      redis,
      limiter: Ratelimit.slidingWindow(config.limits.apiPerMinute, sharedLimit.window),
      prefix: sharedLimit.prefix,
    }),
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    postalCodes: getPostalCodes(),
    geocodeBatch: options.geocodeBatch ?? refuseToGeocode,
    nowMs: options.nowMs ?? (() => Date.now()),
    newId: () => uuidv7(),
    log: createJsonLog((line) => {
      failOnSecret(line, config);
      logged.push(line);
    }),
  };
  const app = createApp(deps);
  const apiKey = await mintApiKey(deps, ['*']);
  return { app, deps, apiKey, sent, logged, ...createSender(app, apiKey) };
}

/** No test of the whole run may log a secret: an error that nobody catches fails the run, whoever's test it was. */
function failOnSecret(line: string, { highlevel, redis, qstash }: Config): void {
  const { agencyToken, clientSecret, tokenKey } = highlevel ?? {};
  const secrets = [agencyToken, clientSecret, tokenKey, redis.token, qstash.token].flatMap((secret) =>
    secret === undefined || secret === 'unused' ? [] : [secret],
  );
  try {
    refuseSecrets(line, secrets);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

const noDeadLetters: AppDeps['deadLetters'] = {
  listMessages: () => Promise.resolve({ messages: [] }),
  retry: () => Promise.resolve({ responses: [] }),
};

/** Stores a new key with these scopes and answers its token. */
export async function mintApiKey(deps: Pick<AppDeps, 'database'>, scopes: readonly string[]): Promise<string> {
  const token = `swy_${uuidv7()}`;
  await createApiKey(deps.database, {
    name: 'test',
    keyHash: hashText(token),
    scopes: [...scopes],
    expiresAt: null,
  });
  return token;
}

function createSender(app: App, defaultKey: string): Pick<TestRouter, 'send' | 'fetch' | 'settle'> {
  const running = new Set<Promise<unknown>>();
  const executionCtx = {
    waitUntil: (work: Promise<unknown>) => {
      running.add(work);
      void work.finally(() => running.delete(work));
    },
    passThroughOnException: () => {},
    props: {},
  };
  const fetch = async (request: Request): Promise<Response> => app.fetch(request, {}, executionCtx);
  return {
    fetch,
    send: async (method, path, options = {}) =>
      fetch(new Request(`https://router.test${path}`, buildInit(method, { apiKey: defaultKey, ...options }))),
    settle: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/** Adds messages that were handed to QStash, whole, to those before. The client takes more kinds than the router sends: those throw. */
export function recordMessages(sent: SentMessage[], messages: readonly QstashMessage[]): void {
  for (const message of messages) {
    if (!isSentMessage(message)) throw new Error(`no message of the router: ${JSON.stringify(message)}`);
    sent.push(message);
  }
}

function isSentMessage(message: QstashMessage): message is QstashMessage & SentMessage {
  const { url, body, delay } = message;
  return typeof url === 'string' && typeof body === 'string' && typeof delay !== 'string';
}

function createRecordingQstash(sent: SentMessage[]): AppDeps['qstash'] {
  return {
    batch: (messages) => {
      recordMessages(sent, messages);
      return Promise.resolve(messages.map(() => ({ messageId: uuidv7() })));
    },
  };
}

/** A Census that cannot be reached. */
const refuseToGeocode: AppDeps['geocodeBatch'] = () =>
  Promise.resolve(err({ kind: 'census_unavailable', reason: 'TypeError' }));

/** A Redis that cannot be reached, as the client reports it. */
function createAbsentRedis(): TestRouterRedis {
  const refuse = (): Promise<never> => Promise.reject(new TypeError('fetch failed'));
  return {
    get: refuse,
    mget: refuse,
    set: refuse,
    hset: refuse,
    expire: refuse,
    eval: refuse,
    evalsha: refuse,
    ping: refuse,
  };
}
