// Cloudflare fires a deployed Worker's Cron Triggers; `wrangler dev` leaves that to whoever runs it, at the address below.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cron } from 'croner';
import { edgeUrl } from './edge-router.ts';
import { PROJECT } from './local-folder.ts';

const RUN_TIMEOUT_MS = 30_000;

/** Fires wrangler.toml's Cron Triggers, in UTC as Cloudflare does, until the answered function is called. */
export function startCronTriggers(): () => void {
  const jobs = readCrons().map((cron) => new Cron(cron, { timezone: 'UTC', protect: true }, () => fire(cron)));
  return () => {
    for (const job of jobs) job.stop();
  };
}

function readCrons(): string[] {
  const list = /^crons = \[(.*)\]$/m.exec(readFileSync(join(PROJECT, 'wrangler.toml'), 'utf8'))?.[1] ?? '';
  return [...list.matchAll(/"([^"]+)"/g)].flatMap(([, cron]) => cron ?? []);
}

async function fire(cron: string): Promise<void> {
  const address = `${edgeUrl}/cdn-cgi/local/scheduled?${new URLSearchParams({ cron }).toString()}`;
  // A Worker that is down misses its minute, as it would in production; its own log has what went wrong inside it.
  await fetch(address, { signal: AbortSignal.timeout(RUN_TIMEOUT_MS) })
    .then((answer) => answer.body?.cancel())
    .catch(() => undefined);
}
