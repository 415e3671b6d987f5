import { ports } from '../ports.ts';
import { runStandIn } from '../stand-in-process.ts';
import { startUpstashRedis } from './server.ts';

await runStandIn(() =>
  startUpstashRedis({
    port: Number(process.env['PORT'] ?? ports.upstashRedis),
    redis: { host: process.env['REDIS_HOST'] ?? '127.0.0.1', port: Number(process.env['REDIS_PORT'] ?? ports.redis) },
    token: process.env['TOKEN'] ?? 'local',
    readOnlyToken: process.env['READ_ONLY_TOKEN'] ?? 'local-read-only',
  }),
);
