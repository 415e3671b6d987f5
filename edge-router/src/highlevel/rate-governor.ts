// Every call to HighLevel passes here first. A bucket's callers wait in one fair queue per isolate; whoever is first asks for
// a slot with a request of its own, for a request that ends takes its timers and fetches with it.
import type { AppDeps } from '../deps.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { Budgets } from './budgets.ts';
import type { Share } from './rules/budget.ts';
import { createFairQueue, type FairQueue } from './rules/fair-queue.ts';
import type { RateHeaders } from './rules/rate-headers.ts';

/** In whose name a call is made: who waits for it, and whose turn it takes. */
export interface Lane {
  readonly share: Share;
  /** Rows of one share take turns. Any stable name: a run's id, a lead's. */
  readonly row: string;
  /** How long it may wait for its turn; 15 s for interactive calls and 30 s for bulk where it is left out. */
  readonly maxWaitMs?: number;
}

export interface PermitRequest extends Lane {
  readonly bucket: string;
  /** The call's own timeout. */
  readonly holdMs: number;
}

export interface Permit {
  /** To be told once the call has ended in whatever way, with what its answer said of the budget. */
  readonly settle: (outcome: { readonly rate: RateHeaders | null; readonly isLimited: boolean }) => Promise<void>;
}

export interface RateLimited {
  readonly retryAfterMs: number;
}

export interface RateGovernor {
  /** Waits for a slot, for a bounded time. */
  readonly acquire: (request: PermitRequest) => Promise<Result<Permit, RateLimited>>;
}

const MAX_WAIT_MS: Readonly<Record<Share, number>> = { interactive: 15_000, bulk: 30_000 };
/** Past so many in one isolate a bucket's next caller is told to come back. */
const MAX_WAITING = 1000;
/** Past so many, those are let go in which only the dead wait. */
const MAX_BUCKETS = 2000;
/** Ask at the same time, so that a window that opens is not waited through one round trip at a time. */
const MAX_ASKING = 8;
const MAX_SLEEP_MS = 500;
const COME_BACK_MS = 10_000;
/** Whoever was not seen for so long has died with its request: longer than a sleep, and than Redis may take. */
const DEAD_AFTER_MS = 5000;

interface Waiter {
  readonly share: Share;
  asking: boolean;
  seenAtMs: number;
  wake: () => void;
}

interface Bucket {
  readonly queue: FairQueue<Waiter>;
  /** Before this nobody of the share needs to ask. */
  readonly askAtMs: Record<Share, number>;
  /** Before this nobody needs to look for the dead. */
  sweepAtMs: number;
}

type Deps = Pick<AppDeps, 'nowMs' | 'newId' | 'log'> & { readonly budgets: Budgets };

/** One per isolate. */
export function createRateGovernor(deps: Deps): RateGovernor {
  const buckets = new Map<string, Bucket>();
  return {
    acquire: async (request) => {
      if (buckets.size >= MAX_BUCKETS) dropDeadBuckets(buckets, deps.nowMs());
      const bucket = buckets.get(request.bucket) ?? createBucket();
      dropDead(bucket, deps.nowMs());
      if (bucket.queue.size >= MAX_WAITING) return err({ retryAfterMs: COME_BACK_MS });
      buckets.set(request.bucket, bucket);
      try {
        return await waitForSlot(deps, bucket, request);
      } finally {
        if (bucket.queue.size === 0 && buckets.get(request.bucket) === bucket) buckets.delete(request.bucket);
      }
    },
  };
}

function createBucket(): Bucket {
  return { queue: createFairQueue(), askAtMs: { interactive: 0, bulk: 0 }, sweepAtMs: 0 };
}

/** A request that ended can neither take its turn nor leave: without this it would keep the turn from all behind it. */
function dropDead(bucket: Bucket, now: number): void {
  if (now < bucket.sweepAtMs) return;
  bucket.sweepAtMs = now + MAX_SLEEP_MS;
  for (const waiter of bucket.queue.everyone()) {
    if (waiter.seenAtMs + DEAD_AFTER_MS < now) bucket.queue.leave(waiter, 'gave_up');
  }
}

function dropDeadBuckets(buckets: Map<string, Bucket>, now: number): void {
  for (const [name, bucket] of buckets) {
    dropDead(bucket, now);
    if (bucket.queue.size === 0) buckets.delete(name);
  }
}

function countWaiting(bucket: Bucket, counts: (waiter: Waiter) => boolean): number {
  let count = 0;
  for (const waiter of bucket.queue.everyone()) if (counts(waiter)) count += 1;
  return count;
}

async function waitForSlot(deps: Deps, bucket: Bucket, request: PermitRequest): Promise<Result<Permit, RateLimited>> {
  const { share, maxWaitMs = MAX_WAIT_MS[share] } = request;
  const deadlineMs = deps.nowMs() + maxWaitMs;
  const waiter: Waiter = { share, asking: false, seenAtMs: 0, wake: () => undefined };
  let served = false;
  try {
    for (;;) {
      const now = deps.nowMs();
      waiter.seenAtMs = now;
      dropDead(bucket, now);
      if (!bucket.queue.has(waiter)) bucket.queue.join(waiter, request);
      const isTurn = bucket.queue.first((other) => !other.asking) === waiter && isRoomToAsk(bucket);
      if (isTurn && now >= bucket.askAtMs[share]) {
        const answer = await ask(deps, { bucket, waiter, request, deadlineMs });
        served = answer.ok;
        if (answer.ok) return answer;
        if (answer.error.isFinal) return err({ retryAfterMs: answer.error.retryAfterMs });
      }
      const leftMs = deadlineMs - deps.nowMs();
      if (leftMs <= 0) return err({ retryAfterMs: Math.max(bucket.askAtMs[share] - deps.nowMs(), 1000) });
      // Whoever is not first is woken by whoever was; the bound is for one whose request ended.
      const untilAskMs = isTurn ? bucket.askAtMs[share] - deps.nowMs() : MAX_SLEEP_MS;
      await sleep(waiter, Math.max(1, Math.min(leftMs, untilAskMs, MAX_SLEEP_MS)));
    }
  } finally {
    bucket.queue.leave(waiter, served ? 'served' : 'gave_up');
    bucket.queue.first((other) => !other.asking)?.wake();
  }
}

function isRoomToAsk(bucket: Bucket): boolean {
  return countWaiting(bucket, ({ asking }) => asking) < MAX_ASKING;
}

async function ask(
  deps: Deps,
  asked: { bucket: Bucket; waiter: Waiter; request: PermitRequest; deadlineMs: number },
): Promise<Result<Permit, RateLimited & { readonly isFinal: boolean }>> {
  const { bucket, waiter, request, deadlineMs } = asked;
  const { share, holdMs } = request;
  const id = deps.newId();
  waiter.asking = true;
  bucket.queue.first((other) => !other.asking)?.wake();
  try {
    const waiting = countWaiting(bucket, (other) => other.share === share);
    const wanted = { bucket: request.bucket, id, share, holdMs, nowMs: deps.nowMs(), waiting };
    const grant = await deps.budgets.take(wanted);
    if (grant.granted) return ok(createPermit(deps, { bucket: request.bucket, id }));
    bucket.askAtMs[share] = deps.nowMs() + grant.waitMs;
    const isFinal = grant.reason !== 'burst' && bucket.askAtMs[share] > deadlineMs;
    return err({ retryAfterMs: grant.waitMs, isFinal });
  } finally {
    waiter.asking = false;
  }
}

function createPermit(deps: Deps, { bucket, id }: { bucket: string; id: string }): Permit {
  return {
    settle: ({ rate, isLimited }) => deps.budgets.settle({ bucket, id, nowMs: deps.nowMs(), rate, isLimited }),
  };
}

/** Ends with the time or with `wake`, whichever is first. */
function sleep(waiter: Waiter, ms: number): Promise<void> {
  return new Promise((resolve) => {
    // The timer is its own request's: whoever wakes it leaves it alone.
    setTimeout(resolve, ms);
    waiter.wake = resolve;
  });
}
