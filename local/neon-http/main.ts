import { ports } from '../ports.ts';
import { runStandIn } from '../stand-in-process.ts';
import { startNeonHttp } from './server.ts';

await runStandIn(() =>
  startNeonHttp({
    port: Number(process.env['PORT'] ?? ports.neonHttp),
    postgres: { host: process.env['PGHOST'] ?? '127.0.0.1', port: Number(process.env['PGPORT'] ?? ports.postgres) },
  }),
);
