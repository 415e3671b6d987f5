// Tokens for sub-accounts, exchanged for the app's own where the app is installed. Kept in the isolate and, sealed, in Redis;
// losing them costs a call each.
import * as z from 'zod';
import type { AppDeps } from '../deps.ts';
import { ok, type Result } from '../rules/result.ts';
import type { HighlevelError } from './rules/failure.ts';
import { createSharedWork } from './shared-work.ts';
import type { TokenCipher } from './token-cipher.ts';

export interface LocationTokens {
  readonly find: (ghlLocationId: string) => Promise<Result<string, HighlevelError>>;
  /** HighLevel refused this token: finds or fetches another. */
  readonly renew: (ghlLocationId: string, refused: string) => Promise<Result<string, HighlevelError>>;
}

export const locationTokenAnswerSchema = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().positive(),
});

export type LocationTokenAnswer = z.output<typeof locationTokenAnswerSchema>;

export interface LocationTokensDeps extends Pick<AppDeps, 'redis' | 'nowMs' | 'log'> {
  readonly cipher: TokenCipher;
  readonly mint: (ghlLocationId: string) => Promise<Result<LocationTokenAnswer, HighlevelError>>;
}

const PREFIX = 'highlevel:v1:token';
/** A copy is forgotten so long before its token ends; of a short life, in its last tenth. */
const MARGIN_MS = 10 * 60_000;
const MAX_HELD = 5000;

const cachedSchema = z.object({ token: z.string(), goodUntilMs: z.number() });
type HeldToken = z.output<typeof cachedSchema>;

/** One per isolate. */
export function createLocationTokens(deps: LocationTokensDeps): LocationTokens {
  const held = new Map<string, HeldToken>();
  const shared = createSharedWork<Result<HeldToken, HighlevelError>>(deps.nowMs);
  const isGood = (token: HeldToken | null | undefined, refused: string | null): token is HeldToken =>
    Boolean(token && token.token !== refused && token.goodUntilMs > deps.nowMs());
  const findElsewhere = async (id: string, refused: string | null): Promise<Result<HeldToken, HighlevelError>> => {
    const cached = await readCached(deps, id);
    if (isGood(cached, refused)) return ok(cached);
    const minted = await deps.mint(id);
    if (!minted.ok) return minted;
    const livesMs = minted.value.expires_in * 1000;
    const goodUntilMs = deps.nowMs() + livesMs - Math.min(MARGIN_MS, livesMs / 10);
    const token = { token: minted.value.access_token, goodUntilMs };
    await writeCached(deps, id, token);
    return ok(token);
  };
  const find = async (id: string, refused: string | null): Promise<Result<string, HighlevelError>> => {
    const here = held.get(id);
    if (isGood(here, refused)) return ok(here.token);
    const found = await shared.run(refused === null ? id : `${id} again`, () => findElsewhere(id, refused));
    if (!found.ok) return found;
    if (held.size >= MAX_HELD) held.clear();
    held.set(id, found.value);
    return ok(found.value.token);
  };
  return { find: (id) => find(id, null), renew: find };
}

/** Null where there is none, where it cannot be opened, and while Redis is away. */
async function readCached(deps: LocationTokensDeps, id: string): Promise<HeldToken | null> {
  try {
    const sealed = await deps.redis.get<string>(`${PREFIX}:${id}`);
    const text = typeof sealed === 'string' ? await deps.cipher.open(sealed, `location ${id}`) : null;
    return text === null ? null : cachedSchema.parse(JSON.parse(text));
  } catch (error) {
    deps.log({ event: 'highlevel_token_copy_unreadable', error });
    return null;
  }
}

async function writeCached(deps: LocationTokensDeps, id: string, token: HeldToken): Promise<void> {
  const livesMs = token.goodUntilMs - deps.nowMs();
  if (livesMs < 1000) return;
  try {
    const sealed = await deps.cipher.seal(JSON.stringify(token), `location ${id}`);
    await deps.redis.set(`${PREFIX}:${id}`, sealed, { px: Math.floor(livesMs) });
  } catch (error) {
    deps.log({ event: 'highlevel_token_not_copied', error });
  }
}
