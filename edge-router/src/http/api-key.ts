import type { MiddlewareHandler } from 'hono';
import { findApiKey } from '../../../db/queries/find-api-key.ts';
import type { Database } from '../../../db/database.ts';
import type { DirectoryHolder, RunInBackground } from '../locations/directory-holder.ts';
import type { DirectoryApiKey } from '../locations/rules/directory.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { AppEnv } from './app-env.ts';
import { hashText } from './hash.ts';
import type { Log } from './log.ts';
import type { LimitKind, RateLimits } from './rate-limits.ts';
import { toProblem, type ApiError } from './problem.ts';
import { hasScope, type Scope } from './scopes.ts';

export type ApiKey = DirectoryApiKey;

export interface ApiKeyDeps {
  readonly limits: RateLimits;
  readonly database: Database;
  readonly directory: DirectoryHolder;
  readonly nowMs: () => number;
  readonly log: Log;
}

const MAX_TOKEN_LENGTH = 200;
const TOKENS_REMEMBERED = 1000;
const UNKNOWN_KEYS_REMEMBERED = 1000;
const UNKNOWN_KEY_REMEMBERED_MS = 5000;

/**
 * Lets a request through when its bearer key exists, is alive and has the scope; `any` asks for none. Keys come with the directory; one it
 * does not know is looked up in Postgres, so that a new key works at once. A key that cannot be checked gets 503,
 * never 401. One that comes too often gets 429.
 */
export function createScopeGuard(
  deps: ApiKeyDeps,
): (scope: Scope | 'any', limit?: LimitKind) => MiddlewareHandler<AppEnv> {
  const remembered = { ...deps, hashesByToken: new Map<string, string>(), unknownUntilMs: new Map<string, number>() };
  return (scope, limit = 'api') =>
    async (c, next) => {
      const found = await findKey(remembered, {
        authorization: c.req.header('authorization'),
        background: (work) => c.executionCtx.waitUntil(work),
      });
      if (!found.ok) return toProblem(found.error, c.var.requestId);
      if (scope !== 'any' && !hasScope(found.value.scopes, scope))
        return toProblem({ kind: 'forbidden', scope }, c.var.requestId);
      const refused = await deps.limits.take(limit, `key:${found.value.id}`);
      if (refused) return toProblem(refused, c.var.requestId);
      c.set('apiKey', found.value);
      return next();
    };
}

interface KeyFinderDeps extends ApiKeyDeps {
  /** Of keys that were good: a caller sends the same one with each request. */
  readonly hashesByToken: Map<string, string>;
  readonly unknownUntilMs: Map<string, number>;
}

async function findKey(
  deps: KeyFinderDeps,
  { authorization, background }: { authorization: string | undefined; background: RunInBackground },
): Promise<Result<ApiKey, ApiError>> {
  const unauthenticated = err({ kind: 'unauthenticated' } as const);
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (!token || token.length > MAX_TOKEN_LENGTH) return unauthenticated;
  const keyHash = deps.hashesByToken.get(token) ?? hashText(token);
  try {
    const directory = await deps.directory.current(background);
    const known = directory.apiKeysByHash.get(keyHash) ?? (await findNewKey(deps, keyHash));
    if (!known || isExpired(known, deps.nowMs())) return unauthenticated;
    remember(deps.hashesByToken, { token, keyHash });
    return ok(known);
  } catch (error) {
    deps.log({ event: 'api_key_unchecked', error });
    return err({ kind: 'unavailable', part: 'key store', retryAfterSeconds: 2 });
  }
}

async function findNewKey(
  deps: Pick<KeyFinderDeps, 'database' | 'nowMs' | 'unknownUntilMs'>,
  keyHash: string,
): Promise<ApiKey | null> {
  const { unknownUntilMs } = deps;
  if ((unknownUntilMs.get(keyHash) ?? 0) > deps.nowMs()) return null;
  const found = await findApiKey(deps.database, keyHash);
  if (found) return found;
  if (unknownUntilMs.size >= UNKNOWN_KEYS_REMEMBERED) unknownUntilMs.clear();
  unknownUntilMs.set(keyHash, deps.nowMs() + UNKNOWN_KEY_REMEMBERED_MS);
  return null;
}

function remember(hashesByToken: Map<string, string>, { token, keyHash }: { token: string; keyHash: string }): void {
  if (hashesByToken.size >= TOKENS_REMEMBERED) hashesByToken.clear();
  hashesByToken.set(token, keyHash);
}

/** Whether the key may send leads under this source. @returns `source_not_allowed` where not, else null */
export function checkSource({ sources }: Pick<ApiKey, 'sources'>, source: string): ApiError | null {
  return sources === null || sources.includes(source) ? null : { kind: 'source_not_allowed', source };
}

function isExpired(apiKey: ApiKey, nowMs: number): boolean {
  return apiKey.expiresAtMs !== null && apiKey.expiresAtMs <= nowMs;
}
