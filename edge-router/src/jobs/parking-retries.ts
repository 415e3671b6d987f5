import { makeParkedDue } from '../../../db/queries/make-parked-due.ts';
import { within } from '../http/within.ts';
import { retryParked, type RetriedLeads } from '../leads/retry-parked.ts';
import type { DecideAgainDeps } from '../leads/decide-again.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import type { OutboxDrain } from './outbox.ts';

/** How many of the oldest that wait for room a free seat looks through. */
const MAX_LEADS_LOOKED_THROUGH = 2000;
/** A run that began longer ago was cut off with the request in whose background it was, and never comes to its end. */
const MAX_RUN_MS = 60_000;

export interface ParkingRetries {
  /** Tries what is due; at most one run at a time in this isolate. */
  readonly run: () => Promise<RetriedLeads>;
  /** As `run`, in the background: something has changed. One asked for while another runs follows it. */
  readonly start: (background: RunInBackground) => void;
  /** Tries those that this location refused: it has a seat again. */
  readonly offerSeat: (locationId: string, background: RunInBackground) => void;
}

interface RunningRetries {
  readonly startedAtMs: number;
  readonly done: Promise<RetriedLeads>;
}

/** One per isolate. */
export function createParkingRetries(deps: DecideAgainDeps & { readonly outbox: OutboxDrain }): ParkingRetries {
  let running: RunningRetries | null = null;
  let askedAgain = false;
  const run = (): Promise<RetriedLeads> => {
    const startedAtMs = deps.nowMs();
    if (running && startedAtMs - running.startedAtMs < MAX_RUN_MS) {
      askedAgain = true;
      return within(MAX_RUN_MS, running.done);
    }
    const done = runUntilAsked().finally(() => {
      if (running?.done === done) running = null;
    });
    running = { startedAtMs, done };
    return done;
  };
  const runUntilAsked = async (): Promise<RetriedLeads> => {
    const left: Promise<unknown>[] = [];
    const retried = { tried: 0, assigned: 0 };
    do {
      askedAgain = false;
      const { tried, assigned } = await retryParked(deps, (work) => left.push(work));
      retried.tried += tried;
      retried.assigned += assigned;
    } while (askedAgain);
    if (retried.tried > 0) deps.log({ event: 'parked_leads_retried', ...retried });
    if (retried.assigned > 0) deps.outbox.start((work) => left.push(work));
    await Promise.allSettled(left);
    return retried;
  };
  const runQuietly = async (prepare: () => Promise<void>): Promise<void> => {
    try {
      await prepare();
      await run();
    } catch (error) {
      deps.log({ event: 'parked_retry_failed', error });
    }
  };
  return {
    run,
    start: (background) => background(runQuietly(() => Promise.resolve())),
    offerSeat: (locationId, background) => {
      const now = new Date(deps.nowMs()).toISOString();
      const limit = MAX_LEADS_LOOKED_THROUGH;
      background(runQuietly(() => makeParkedDue(deps.database, { locationId, now, limit })));
    },
  };
}
