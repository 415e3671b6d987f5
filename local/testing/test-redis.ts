import { randomUUID } from 'node:crypto';
import { Redis } from '@upstash/redis';
import { findFreePort } from '../ports.ts';
import { startRedis } from '../redis.ts';
import { startUpstashRedis } from '../upstash-redis/server.ts';

export type TestRedis = {
  /** Set as the Worker sets its own: no parsing of values, no retries, no automatic pipelines. */
  redis: Redis;
  url: string;
  token: string;
  readOnlyToken: string;
  /** Redis's own port, behind the stand-in. */
  port: number;
  /** Redis dies; the stand-in stays and answers with errors. */
  kill: () => Promise<void>;
  /** Redis is back on its port, empty. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
};

/** An empty Redis of the test file's own behind an Upstash REST endpoint. Call `stop` in afterAll. */
export async function createTestRedis(): Promise<TestRedis> {
  const port = await findFreePort();
  let server = await startRedis({ port, dataDir: null });
  const token = randomUUID();
  const readOnlyToken = randomUUID();
  const rest = await startUpstashRedis({ port: 0, redis: { host: '127.0.0.1', port }, token, readOnlyToken });
  return {
    redis: createClient(rest.url, token),
    url: rest.url,
    token,
    readOnlyToken,
    port,
    kill: () => server.kill(),
    restart: async () => {
      await server.kill();
      server = await startRedis({ port, dataDir: null });
    },
    stop: async () => {
      await rest.stop();
      await server.stop();
    },
  };
}

function createClient(url: string, token: string): Redis {
  return new Redis({
    url,
    token,
    automaticDeserialization: false,
    retry: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
  });
}
