import type { Client, Receiver } from '@upstash/qstash';
import type { Ratelimit } from '@upstash/ratelimit';
import type { Redis } from '@upstash/redis';
import type { Database } from '../../db/database.ts';
import type { Config } from './config.ts';
import type { Log } from './http/log.ts';
import type { GeocodeBatch } from './onboarding/census-geocoder.ts';
import type { PostalCodes } from './locations/rules/postal-codes.ts';

/** Everything the router reaches outside itself. `index.ts` makes the real ones, tests bring theirs. */
export interface AppDeps {
  readonly config: Config;
  readonly database: Database;
  /** A copy that follows the database, for reports. Null where there is none; it may be behind, and away at any time. */
  readonly replica: Database | null;
  readonly redis: Pick<Redis, 'get' | 'mget' | 'set' | 'hset' | 'expire' | 'eval' | 'ping'>;
  readonly qstash: Pick<Client, 'batch'>;
  /** What QStash gave up on. */
  readonly deadLetters: Pick<Client['dlq'], 'listMessages' | 'retry'>;
  readonly receiver: Pick<Receiver, 'verify'>;
  /** Whether a key or source may come once more at this Cloudflare location; null where no such binding is. */
  readonly limitAtEdge: ((who: string) => Promise<boolean>) | null;
  /** The same for all isolates of the world, in Redis. */
  readonly limitForAll: Pick<Ratelimit, 'limit'>;
  /** Calls to HighLevel leave by this alone. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly postalCodes: PostalCodes;
  readonly geocodeBatch: GeocodeBatch;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly log: Log;
}
