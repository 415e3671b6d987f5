import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { closeServer, listenOnLoopback } from '../../../../local/http-server.ts';
import { startNeonHttp } from '../../../../local/neon-http/server.ts';
import { startQstash } from '../../../../local/qstash/server.ts';
import { createTestClient, TOKEN } from '../../../../local/qstash/testing/test-qstash.ts';
import { createTestDatabase, type TestDatabase } from '../../../../local/testing/test-database.ts';
import { createTestRedis, type TestRedis } from '../../../../local/testing/test-redis.ts';
import { ok } from '../../rules/result.ts';
import { createTestHighlevel, type TestHighlevel } from '../../testing/test-highlevel.ts';
import { TEST_SIGNING_KEYS, type TestRouterOptions } from '../../testing/test-router.ts';
import { otterbrookSettings } from './otterbrook.ts';
import { createRunClient, type RunClient } from './run-client.ts';

/** A part that can be away for a time, and comes back at the same address with all that it had. */
export interface Outage {
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export interface BatchStack {
  readonly test: TestHighlevel;
  readonly database: TestDatabase;
  readonly client: RunClient;
  readonly outages: Readonly<Record<'postgres' | 'redis' | 'qstash', Outage>>;
  readonly stop: () => Promise<void>;
}

interface Options extends Pick<TestRouterOptions, 'onboardingMaxActiveRows'> {
  /** Of HighLevel, and of the router's patience with it. */
  readonly timeScale?: number;
  readonly qstashTimeScale?: number;
  /** What the sandbox is told beside that. */
  readonly sandboxSettings?: Record<string, unknown>;
}

/**
 * The router behind an address of its own, with everything that a batch needs: Postgres, Redis, QStash that calls it back, and a
 * HighLevel that sends it webhooks. All real or a stand-in over HTTP; time runs fast.
 */
export async function startBatchStack(options: Options = {}): Promise<BatchStack> {
  const { timeScale = 1000, qstashTimeScale = 100, sandboxSettings = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-batches-'));
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  const qstash = await createQstash({ file: join(folder, 'qstash.sqlite'), timeScale: qstashTimeScale });
  const neonHttp = await createNeonHttp(database);
  const front = createServer((request, response) => void forward(request, response));
  const publicUrl = `http://127.0.0.1:${await listenOnLoopback(front, { name: 'edge', port: 0 })}`;
  const { onboardingMaxActiveRows = 5 } = options;
  const test = await createTestHighlevel({
    database: { ...database, endpoint: neonHttp.endpoint },
    redis: redis.redis,
    qstash: createTestClient(qstash.url),
    publicUrl,
    allowPrivateTargets: true,
    // The Census knows none of these addresses: their points stay those of ZIPs.
    geocodeBatch: () => Promise.resolve(ok(new Map())),
    onboardingTimeScale: timeScale,
    onboardingMaxActiveRows,
    sandbox: {
      settings: {
        timeScale,
        ...sandboxSettings,
        app: { installDelayMs: 0, webhookUrl: `${publicUrl}/v1/webhooks/highlevel` },
      },
    },
  });
  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await answer(await test.router.fetch(await toRequest(request, publicUrl)), response);
    } catch {
      // As a Worker that died: the caller sees the connection end.
      response.destroy();
    }
  }
  const client = createRunClient(test.router);
  await client.put('/v1/onboarding/settings', otterbrookSettings(test.sandbox));
  return {
    test,
    database,
    client,
    outages: { postgres: neonHttp, qstash, redis: redisOutage(redis) },
    stop: async () => {
      await qstash.begin();
      await test.stop();
      await closeServer(front);
      await Promise.all([neonHttp.begin(), redis.stop()]);
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createQstash({
  file,
  timeScale,
}: {
  file: string;
  timeScale: number;
}): Promise<Outage & { url: string }> {
  const start = (port: number) => startQstash({ port, file, timeScale, token: TOKEN, ...TEST_SIGNING_KEYS });
  let running = await start(0);
  return {
    url: running.url,
    begin: () => running.stop(),
    end: async () => {
      running = await start(running.port);
    },
  };
}

async function createNeonHttp(database: TestDatabase): Promise<Outage & { endpoint: string }> {
  const { hostname, port } = new URL(database.url);
  const postgres = { host: hostname, port: Number(port) };
  let running = await startNeonHttp({ port: 0, postgres });
  const { endpoint } = running;
  return {
    endpoint,
    begin: () => running.stop(),
    end: async () => {
      running = await startNeonHttp({ port: Number(new URL(endpoint).port), postgres });
    },
  };
}

function redisOutage(redis: TestRedis): Outage {
  return { begin: redis.kill, end: redis.restart };
}

async function toRequest(request: IncomingMessage, publicUrl: string): Promise<Request> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value);
  const { method = 'GET' } = request;
  const body = method === 'GET' ? null : new Uint8Array(await buffer(request));
  return new Request(`${publicUrl}${request.url ?? '/'}`, { method, headers, body });
}

async function answer(answered: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  if (answered.body) for await (const chunk of answered.body) response.write(chunk);
  response.end();
}
