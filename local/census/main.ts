import { ports } from '../ports.ts';
import { runStandIn } from '../stand-in-process.ts';
import { startCensus } from './server.ts';

await runStandIn(() => startCensus({ port: Number(process.env['PORT'] ?? ports.census) }));
