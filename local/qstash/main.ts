// Runs the QStash stand-in as a process of its own. Environment: FILE, TOKEN, CURRENT_SIGNING_KEY, NEXT_SIGNING_KEY,
// PORT (from the table of ports unless given), TIME_SCALE (1 unless given). Its fault `crash` is a kill -9.

import * as z from 'zod';
import { ports } from '../ports.ts';
import { runStandIn } from '../stand-in-process.ts';
import { startQstash } from './server.ts';

const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(ports.qstash),
  FILE: z.string().min(1),
  TOKEN: z.string().min(1),
  CURRENT_SIGNING_KEY: z.string().min(1),
  NEXT_SIGNING_KEY: z.string().min(1),
  TIME_SCALE: z.coerce.number().positive().default(1),
});

await runStandIn(() => {
  const environment = environmentSchema.safeParse(process.env);
  if (!environment.success) {
    const names = environment.error.issues.map(({ path }) => path.join('.'));
    throw new Error(`QStash stand-in: missing or invalid environment: ${names.join(', ')}`);
  }
  const { PORT, FILE, TOKEN, CURRENT_SIGNING_KEY, NEXT_SIGNING_KEY, TIME_SCALE } = environment.data;
  return startQstash({
    port: PORT,
    file: FILE,
    token: TOKEN,
    currentSigningKey: CURRENT_SIGNING_KEY,
    nextSigningKey: NEXT_SIGNING_KEY,
    timeScale: TIME_SCALE,
    crash: () => process.kill(process.pid, 'SIGKILL'),
  });
});
