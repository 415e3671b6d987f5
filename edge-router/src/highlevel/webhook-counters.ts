import { countWebhooks } from '../../../db/queries/count-webhooks.ts';
import type { AppDeps } from '../deps.ts';

export interface WebhookCounters {
  readonly add: (outcome: string, reason?: string) => void;
  /** Writes what was counted, at most every few seconds: whoever floods us with forgeries does not flood Postgres. */
  readonly flushIfDue: (background: (work: Promise<unknown>) => void) => void;
}

const FLUSH_INTERVAL_MS = 5000;

/** One per isolate. What an isolate had not written when it ended is not counted. */
export function createWebhookCounters(deps: Pick<AppDeps, 'database' | 'nowMs' | 'log'>): WebhookCounters {
  let counted = new Map<string, { outcome: string; reason: string; count: number }>();
  let dueAtMs = 0;
  return {
    add: (outcome, reason = '') => {
      const key = `${outcome} ${reason}`;
      const { count } = counted.get(key) ?? { count: 0 };
      counted.set(key, { outcome, reason, count: count + 1 });
    },
    flushIfDue: (background) => {
      if (deps.nowMs() < dueAtMs || counted.size === 0) return;
      const counts = [...counted.values()];
      counted = new Map();
      dueAtMs = deps.nowMs() + FLUSH_INTERVAL_MS;
      background(
        countWebhooks(deps.database, counts).catch((error: unknown) =>
          deps.log({ event: 'webhooks_not_counted', counts, error }),
        ),
      );
    },
  };
}
