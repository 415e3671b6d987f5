// News leaves Postgres here: many rows of the outbox go as one message, under an id of its own. A drain that dies in between
// leaves the message to the next one, which sends the same again, and QStash drops what it already has.
import { nextOutboxMessage, type OutboxMessage } from '../../../db/queries/next-outbox-message.ts';
import { releaseOutboxMessage } from '../../../db/queries/release-outbox-message.ts';
import type { AppDeps } from '../deps.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import { patientRetries } from './persist-later.ts';

export type OutboxDeps = Pick<AppDeps, 'config' | 'database' | 'qstash' | 'nowMs' | 'log'>;

/** About 40 KB of ids. */
export const MAX_EVENTS_PER_MESSAGE = 250;
const LEASE_SECONDS = 30;
/** Bounds one drain; what is left is taken by the next one or by the sweep. */
const MAX_MESSAGES_PER_DRAIN = 100;
const PAUSE_AFTER_FAILURE_SECONDS = 15;
/** Under load a message gathers news for so long, instead of one message for each few leads. */
const GATHER_MS = 400;
/** Work in the background of a request is cut off 30 s after its answer: a later request goes on instead. */
const MAX_DRAIN_MS = 10_000;

export interface OutboxDrain {
  /** Drains in the background. While a drain is under way in this isolate, it goes on; after a failure, it waits 15 s. */
  readonly start: (background: RunInBackground) => void;
  /** Publishes until the outbox is empty or the bound is met. @returns how much news left */
  readonly run: () => Promise<number>;
}

interface RunningDrain {
  readonly startedAtMs: number;
  isAskedAgain: boolean;
}

/** One per isolate: at most one drain is started at a time; news that comes meanwhile is gathered for the next message. */
export function createOutboxDrain(deps: OutboxDeps): OutboxDrain {
  let running: RunningDrain | null = null;
  let pausedUntilMs = 0;
  const run = async (): Promise<number> => {
    const { published, isBroken } = await drainOutbox(deps);
    pausedUntilMs = isBroken ? deps.nowMs() + PAUSE_AFTER_FAILURE_SECONDS * 1000 : 0;
    return published;
  };
  const isWanted = (mine: RunningDrain): boolean =>
    mine.isAskedAgain && running === mine && pausedUntilMs <= deps.nowMs();
  const runWhileAsked = async (mine: RunningDrain): Promise<void> => {
    try {
      for (;;) {
        mine.isAskedAgain = false;
        await run();
        if (!isWanted(mine)) return;
        await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      }
    } catch (error) {
      deps.log({ event: 'outbox_drain_failed', error });
    } finally {
      if (running === mine) running = null;
    }
  };
  return {
    run,
    start: (background) => {
      const nowMs = deps.nowMs();
      if (running && nowMs - running.startedAtMs < MAX_DRAIN_MS) {
        running.isAskedAgain = true;
        return;
      }
      if (nowMs < pausedUntilMs) return;
      running = { startedAtMs: nowMs, isAskedAgain: false };
      background(runWhileAsked(running));
    },
  };
}

async function drainOutbox(deps: OutboxDeps): Promise<{ published: number; isBroken: boolean }> {
  let published = 0;
  let publishedId: string | null = null;
  let isMoreExpected = true;
  for (let messages = 0; ; messages++) {
    const maxEvents = isMoreExpected && messages < MAX_MESSAGES_PER_DRAIN ? MAX_EVENTS_PER_MESSAGE : 0;
    const message: OutboxMessage | null = await nextOutboxMessage(deps.database, {
      publishedId,
      maxEvents,
      leaseSeconds: LEASE_SECONDS,
    });
    if (!message) return { published, isBroken: false };
    try {
      await deps.qstash.batch([toQstashMessage(deps.config.publicUrl, message)]);
    } catch (error) {
      deps.log({ event: 'outbox_publish_failed', news: message.events.length, error });
      await releaseOutboxMessage(deps.database, { id: message.id, retryAfterSeconds: PAUSE_AFTER_FAILURE_SECONDS });
      return { published, isBroken: true };
    }
    publishedId = message.id;
    published += message.events.length;
    // A new message with room left took all there was; what came since is gathered.
    isMoreExpected = message.attempts > 1 || message.events.length === MAX_EVENTS_PER_MESSAGE;
  }
}

function toQstashMessage(publicUrl: string, { id, events }: OutboxMessage) {
  return {
    url: `${publicUrl}/v1/jobs/lead-events`,
    method: 'POST' as const,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
    deduplicationId: `outbox-${id}`,
    ...patientRetries,
  };
}
