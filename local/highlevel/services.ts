import type { Tokens } from './auth/tokens.ts';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Route } from './http/route.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RequestLog } from './request-log.ts';
import type { SnapshotPart } from './modules/snapshot-parts.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store/store.ts';
import type { Emit } from './webhooks/emit.ts';

/** What the modules work with. */
export type Services = {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly rateLimits: RateLimits;
  readonly requestLog: RequestLog;
  /** Call it in the handler that changes something: it is told to the webhooks once the change is committed. */
  readonly emit: Emit;
  /** The app and the agency's token that the sandbox knows from its start. */
  readonly credentials: Credentials;
};

export type Credentials = {
  readonly agencyToken: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The private Ed25519 key that webhooks are signed with: PKCS #8 in base64. */
  readonly signingKey: string;
};

/** One area of the API: its routes, and what a snapshot brings of it. */
export type Module = {
  readonly routes: readonly Route[];
  readonly snapshotParts?: readonly SnapshotPart[];
  /** Brings its time-driven state up to date; called before each request, inside its transaction. */
  readonly catchUp?: (nowMs: number) => void;
  /** Forgets what belongs to a deleted sub-account. */
  readonly removeLocation?: (locationId: string) => void;
};
