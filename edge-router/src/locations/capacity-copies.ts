// Copies of today's seat counts, for what may be a little behind: the score of a location, a preview. Postgres counts;
// Redis holds one copy for all isolates, which whoever finds it old makes anew (one at a time); each isolate holds its
// own. No count here ever gives or refuses a seat, and losing all of it costs one read of Postgres.
import type { Redis } from '@upstash/redis';
import * as z from 'zod';
import { readUsedToday } from '../../../db/queries/read-used-today.ts';
import type { AppDeps } from '../deps.ts';
import { within } from '../http/within.ts';
import { decodeRows, encodeRows } from './directory-codec.ts';
import type { RunInBackground } from './directory-holder.ts';

export type CapacityRedis = Pick<Redis, 'get' | 'set'>;

export interface CapacityCopies {
  /** Seats taken today as last copied; null where nothing is known. Costs a look into a map. */
  readonly usedToday: (locationId: string) => number | null;
  /** Fetches a newer copy in the background where this one is 5 s old. */
  readonly refreshIfDue: (background: RunInBackground) => void;
  /** As `refreshIfDue`, but waits where there is no copy or one too old to answer from. Never throws. */
  readonly ensure: (background: RunInBackground) => Promise<void>;
  /** An assignment said how many seats its location has given today. */
  readonly notice: (locationId: string, used: number) => void;
  readonly ageSeconds: () => number | null;
}

export const CAPACITY_KEY = 'capacity:v1:used';
const LOCK_KEY = 'capacity:v1:lock';
const REFRESH_INTERVAL_MS = 5000;
/** Without Redis every isolate reads Postgres for itself. */
const REFRESH_INTERVAL_WITHOUT_REDIS_MS = 30_000;
/** Redis drops the copy then, and an isolate no longer answers from its own. */
const MAX_AGE_MS = 300_000;
/** Work in the background of a request is cut off 30 s after its answer, and never comes to its end: another one goes on. */
const MAX_REFRESH_MS = 30_000;
/** Whoever waits for a copy that another request makes, which may be cut off, goes on without one. */
const JOINED_REFRESH_TIMEOUT_MS = 5000;
const MAX_COPIED_LOCATIONS = 200_000;
const MAX_NOTICED_LOCATIONS = 10_000;

const copySchema = z.object({
  madeAtMs: z.number(),
  /** False: more locations took leads today than are copied, so one that is absent is not known. */
  whole: z.boolean(),
  zones: z.array(z.object({ endsAtMs: z.number(), used: z.record(z.string(), z.number()) })),
});
type Copy = z.output<typeof copySchema>;

interface Held {
  copy: Copy | null;
  readonly noticed: Map<string, { used: number; atMs: number }>;
  dueAtMs: number;
  refreshing: { readonly work: Promise<void>; readonly startedAtMs: number } | null;
}

type Deps = Pick<AppDeps, 'database' | 'nowMs' | 'log'> & { readonly redis: CapacityRedis };

/** One per isolate. */
export function createCapacityCopies(deps: Deps): CapacityCopies {
  const held: Held = { copy: null, noticed: new Map(), dueAtMs: 0, refreshing: null };
  const refreshIfDue = (background: RunInBackground): void => {
    if (!isRefreshing(held, deps.nowMs()) && deps.nowMs() >= held.dueAtMs) background(startRefresh(deps, held));
  };
  return {
    usedToday: (locationId) => findUsed(held, { locationId, nowMs: deps.nowMs() }),
    refreshIfDue,
    ensure: async (background) => {
      refreshIfDue(background);
      if (findCopy(held, deps.nowMs()) || !held.refreshing) return;
      await within(JOINED_REFRESH_TIMEOUT_MS, held.refreshing.work).catch(() => {});
    },
    notice: (locationId, used) => {
      if (held.noticed.size >= MAX_NOTICED_LOCATIONS) held.noticed.clear();
      held.noticed.set(locationId, { used, atMs: deps.nowMs() });
    },
    ageSeconds: () => {
      const copy = findCopy(held, deps.nowMs());
      return copy && Math.max(0, Math.round((deps.nowMs() - copy.madeAtMs) / 1000));
    },
  };
}

function findCopy({ copy }: Held, nowMs: number): Copy | null {
  return copy && nowMs - copy.madeAtMs < MAX_AGE_MS ? copy : null;
}

function findUsed(held: Held, { locationId, nowMs }: { locationId: string; nowMs: number }): number | null {
  const noticed = held.noticed.get(locationId);
  const copy = findCopy(held, nowMs);
  if (noticed && nowMs - noticed.atMs < MAX_AGE_MS && (!copy || noticed.atMs > copy.madeAtMs)) return noticed.used;
  if (!copy) return null;
  for (const { used, endsAtMs } of copy.zones) {
    const count = used[locationId];
    if (count !== undefined) return nowMs < endsAtMs ? count : 0;
  }
  return copy.whole ? 0 : null;
}

function isRefreshing({ refreshing }: Held, nowMs: number): boolean {
  return refreshing !== null && nowMs - refreshing.startedAtMs < MAX_REFRESH_MS;
}

function startRefresh(deps: Deps, held: Held): Promise<void> {
  const startedAtMs = deps.nowMs();
  held.dueAtMs = startedAtMs + REFRESH_INTERVAL_MS;
  const work = refresh(deps, held)
    .catch((error: unknown) => deps.log({ event: 'capacity_refresh_failed', error }))
    .finally(() => {
      if (held.refreshing?.work === work) held.refreshing = null;
    });
  held.refreshing = { work, startedAtMs };
  return work;
}

async function refresh(deps: Deps, held: Held): Promise<void> {
  const cached = await readCopy(deps).catch((error: unknown) => {
    deps.log({ event: 'capacity_copy_unreadable', error });
    return 'away' as const;
  });
  if (cached === 'away') {
    held.dueAtMs = deps.nowMs() + REFRESH_INTERVAL_WITHOUT_REDIS_MS;
    return keep(held, await makeCopy(deps));
  }
  keep(held, cached);
  if (cached && deps.nowMs() - cached.madeAtMs < REFRESH_INTERVAL_MS) return;
  // The lock is not given back: its end is what keeps all isolates together to one read of Postgres in its time.
  const isOurs = (await deps.redis.set(LOCK_KEY, '1', { nx: true, px: REFRESH_INTERVAL_MS })) !== null;
  if (!isOurs && held.copy) return;
  const made = await makeCopy(deps);
  keep(held, made);
  await deps.redis.set(CAPACITY_KEY, await encodeRows([made]), { px: MAX_AGE_MS });
}

/** Copies never go back in time: another isolate's may be older than this one's. */
function keep(held: Held, copy: Copy | null): void {
  if (!copy || (held.copy && copy.madeAtMs < held.copy.madeAtMs)) return;
  held.copy = copy;
  for (const [locationId, { atMs }] of held.noticed) if (atMs <= copy.madeAtMs) held.noticed.delete(locationId);
}

async function readCopy({ redis }: Deps): Promise<Copy | null> {
  const text = await redis.get<string>(CAPACITY_KEY);
  if (typeof text !== 'string') return null;
  const [copy] = await decodeRows(text);
  return copySchema.parse(copy);
}

async function makeCopy(deps: Deps): Promise<Copy> {
  // Read before asking: the counts are then at least as new as the time says.
  const madeAtMs = deps.nowMs();
  const zones = await readUsedToday(deps.database, { limit: MAX_COPIED_LOCATIONS });
  const copied = zones.reduce((sum, { used }) => sum + Object.keys(used).length, 0);
  return { madeAtMs, whole: copied < MAX_COPIED_LOCATIONS, zones };
}
