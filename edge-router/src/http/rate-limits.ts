import type { AppDeps } from '../deps.ts';
import type { ApiError } from './problem.ts';

/** `edge` where a latency is promised: counted without a call outside. `api` elsewhere: counted in Redis, for all isolates. */
export type LimitKind = 'edge' | 'api';

export interface RateLimits {
  /** `who` is `key:{id}` or `source:{name}`. @returns `rate_limited` when it may not now; never fails otherwise */
  readonly take: (kind: LimitKind, who: string) => Promise<ApiError | null>;
}

const EDGE_WINDOW_MS = 10_000;
const API_WINDOW_MS = 60_000;
/** What the client that counts for all isolates is made with; its window is that of an isolate's own count. */
export const sharedLimit = { window: `${API_WINDOW_MS} ms`, prefix: 'limit:v1' } as const;
/** Redis is asked again after this; meanwhile an isolate counts for itself. */
const REDIS_PAUSE_MS = 5000;

/**
 * How often a key or a source may come. It is a fence against loops and abuse, not a cap: whatever cannot be counted is let through.
 * The binding counts for a whole Cloudflare location, the isolate for itself, Redis for all.
 */
export function createRateLimits(
  deps: Pick<AppDeps, 'config' | 'limitAtEdge' | 'limitForAll' | 'nowMs' | 'log'>,
): RateLimits {
  const { edgePer10Seconds, apiPerMinute } = deps.config.limits;
  const edgeCounts = createWindow({ limit: edgePer10Seconds, windowMs: EDGE_WINDOW_MS, nowMs: deps.nowMs });
  const apiCounts = createWindow({ limit: apiPerMinute, windowMs: API_WINDOW_MS, nowMs: deps.nowMs });
  let pausedUntilMs = 0;

  async function takeAtEdge(who: string): Promise<ApiError | null> {
    const own = edgeCounts.take(who);
    if (own !== null) return refuse(edgePer10Seconds, { seconds: 10, retryAfterMs: own });
    if (!deps.limitAtEdge) return null;
    const mayGo = await deps.limitAtEdge(who).catch(() => true);
    return mayGo ? null : refuse(edgePer10Seconds, { seconds: 10, retryAfterMs: EDGE_WINDOW_MS });
  }

  async function takeInRedis(who: string): Promise<number | null> {
    try {
      const { success, reset, reason } = await deps.limitForAll.limit(who);
      if (reason === 'timeout') pausedUntilMs = deps.nowMs() + REDIS_PAUSE_MS;
      return success ? null : Math.max(1000, reset - deps.nowMs());
    } catch (error) {
      pausedUntilMs = deps.nowMs() + REDIS_PAUSE_MS;
      deps.log({ event: 'limits_without_redis', error });
      return null;
    }
  }

  async function takeForAll(who: string): Promise<ApiError | null> {
    const own = apiCounts.take(who);
    const wait = own ?? (deps.nowMs() < pausedUntilMs ? null : await takeInRedis(who));
    return wait === null ? null : refuse(apiPerMinute, { seconds: 60, retryAfterMs: wait });
  }

  return { take: (kind, who) => (kind === 'edge' ? takeAtEdge(who) : takeForAll(who)) };
}

function refuse(limit: number, { seconds, retryAfterMs }: { seconds: number; retryAfterMs: number }): ApiError {
  return {
    kind: 'rate_limited',
    detail: `At most ${limit} requests in ${seconds} seconds. Nothing was accepted; send the same request again later.`,
    retryAfterSeconds: Math.ceil(retryAfterMs / 1000),
  };
}

interface Window {
  /** Milliseconds to wait when it is full, else null. */
  readonly take: (who: string) => number | null;
}

/** A fixed window over all that come: forgotten whole when it ends, so it holds no more names than a window brings keys. */
function createWindow({ limit, windowMs, nowMs }: { limit: number; windowMs: number; nowMs: () => number }): Window {
  const counts = new Map<string, number>();
  let endsAtMs = 0;
  return {
    take: (who) => {
      const now = nowMs();
      if (now >= endsAtMs || endsAtMs - now > windowMs) {
        counts.clear();
        endsAtMs = now + windowMs;
      }
      const count = (counts.get(who) ?? 0) + 1;
      counts.set(who, count);
      return count > limit ? endsAtMs - now : null;
    },
  };
}
