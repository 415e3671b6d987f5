// How far the router is, seen from outside of it.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

const POLL_MS = 400;

export interface Progress {
  readonly leads: number;
  readonly parked: number;
  readonly delivered: number;
  readonly failed: number;
  /** Webhooks, deliveries and news that somebody has to go on with. */
  readonly open: number;
}

const SQL = `
  select (select count(*) from leads where source = 'highlevel')::int as leads,
    (select count(*) from leads where source = 'highlevel' and status <> 'assigned')::int as parked,
    (select count(*) from deliveries where status = 'delivered')::int as delivered,
    (select count(*) from deliveries where status = 'failed')::int as failed,
    ((select count(*) from webhook_events where outcome = 'accepted' and handled_at is null)
      + (select count(*) from leads l where l.status = 'assigned' and not exists (select from deliveries d where d.lead_id = l.id))
      + (select count(*) from deliveries where status in ('pending', 'withdrawing'))
      + (select count(*) from outbox) + (select count(*) from outbox_messages))::int as open`;

export interface ProgressWatch {
  /** The last that Postgres told. */
  readonly read: () => Progress;
  /** Asked this moment; null while Postgres is away. */
  readonly ask: () => Promise<Progress | null>;
  readonly stop: () => Promise<void>;
}

export function watchProgress(pool: pg.Pool): ProgressWatch {
  const stopping = new AbortController();
  let last: Progress = { leads: 0, parked: 0, delivered: 0, failed: 0, open: 0 };
  const ask = async (): Promise<Progress | null> => {
    const found = await pool.query<Progress>(SQL).catch(() => null);
    last = found?.rows[0] ?? last;
    return found?.rows[0] ?? null;
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await ask();
      await delay(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = watch();
  return {
    read: () => last,
    ask,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
