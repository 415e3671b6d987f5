// The time that the router waits for, faster: its Cron each scaled minute, and what waits in Postgres runs down at the scale.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { LEASE_TIME_SCALE, TIME_SCALE } from './pace.ts';

const TICK_MS = 500;
const crons = [
  { cron: '* * * * *', minutes: 1 },
  { cron: '*/5 * * * *', minutes: 5 },
] as const;
const CRON_TIMEOUT_MS = 60_000;

/** A call whose outcome is unknown is waited for, as a lease is. */
const SENT_AT = `parts ->> 'opportunitySentAt'`;

/** Takes the seconds that pass, as `$1`, at its own scale. */
const waits = [
  {
    scale: TIME_SCALE,
    sql: `update deliveries set next_try_at = next_try_at - make_interval(secs => $1) where status in ('pending', 'withdrawing')`,
  },
  {
    scale: LEASE_TIME_SCALE,
    sql: `update deliveries set lease_until = lease_until - make_interval(secs => $1), parts = case when ${SENT_AT} is null then parts
        else jsonb_set(parts, '{opportunitySentAt}', to_jsonb((${SENT_AT})::timestamptz - make_interval(secs => $1))) end
      where status in ('pending', 'withdrawing')`,
  },
  {
    scale: LEASE_TIME_SCALE,
    sql: `update outbox_messages set claimed_until = claimed_until - make_interval(secs => $1)`,
  },
  {
    scale: TIME_SCALE,
    sql: `update webhook_events set received_at = received_at - make_interval(secs => $1),
        next_try_at = next_try_at - make_interval(secs => $1) where outcome = 'accepted' and handled_at is null`,
  },
] as const;

export interface RunningClock {
  readonly stop: () => Promise<void>;
}

export function startClock({ pool, cronUrl }: { pool: pg.Pool; cronUrl: string }): RunningClock {
  const stopping = new AbortController();
  const running = Promise.all([
    repeat(stopping.signal, TICK_MS, (elapsedMs) => passTime(pool, elapsedMs)),
    ...crons.map(({ cron, minutes }) =>
      repeat(stopping.signal, (minutes * 60_000) / TIME_SCALE, () => fireCron(cronUrl, cron)),
    ),
  ]);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function repeat(signal: AbortSignal, everyMs: number, run: (elapsedMs: number) => Promise<void>): Promise<void> {
  let lastMs = performance.now();
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
    const nowMs = performance.now();
    await run(nowMs - lastMs);
    lastMs = nowMs;
  }
}

/** While Postgres is away its time stands still. */
async function passTime(pool: pg.Pool, elapsedMs: number): Promise<void> {
  for (const { scale, sql } of waits) {
    await pool.query(sql, [((scale - 1) * elapsedMs) / 1000]).catch(() => undefined);
  }
}

/** A Worker that is down misses its minute, as it would in production. */
async function fireCron(cronUrl: string, cron: string): Promise<void> {
  const address = `${cronUrl}/?${new URLSearchParams({ cron }).toString()}`;
  await fetch(address, { signal: AbortSignal.timeout(CRON_TIMEOUT_MS) })
    .then((answer) => answer.body?.cancel())
    .catch(() => undefined);
}
