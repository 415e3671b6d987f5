// The installed app's token for the company. Its refresh token can be sent once: sending it is noted in Postgres before it
// is done, by whoever holds the lease, and the old one stays until the new one is stored. Whoever dies in between leaves it to
// the next one, who sends it again at once: HighLevel answers the same within 30 s. After that only a person can help.
import { findHighlevelConnection } from '../../../db/queries/find-highlevel-connection.ts';
import type { HighlevelConnection } from '../../../db/queries/highlevel-connection-row.ts';
import { markReconnectNeeded } from '../../../db/queries/mark-reconnect-needed.ts';
import { releaseRefreshLease } from '../../../db/queries/release-refresh-lease.ts';
import { storeRefreshedTokens } from '../../../db/queries/store-refreshed-tokens.ts';
import { takeRefreshLease } from '../../../db/queries/take-refresh-lease.ts';
import type { HighlevelConfig } from '../config.ts';
import type { AppDeps } from '../deps.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { exchange, type ExchangeDeps } from './exchange.ts';
import { pause } from './pause.ts';
import type { HighlevelError, NotConnectedReason } from './rules/failure.ts';
import { createSharedWork } from './shared-work.ts';
import { findExpiry, readScopes, tokenAnswerSchema, type TokenAnswer } from './token-answer.ts';
import type { TokenCipher } from './token-cipher.ts';

export interface AppTokens {
  readonly find: () => Promise<Result<string, HighlevelError>>;
  /** HighLevel refused this token: finds or fetches another. */
  readonly renew: (refused: string) => Promise<Result<string, HighlevelError>>;
  /** Refreshes ahead of need, and takes up a refresh that somebody died in. For the minute's Cron. */
  readonly keepFresh: () => Promise<void>;
}

export type AppTokensDeps = ExchangeDeps &
  Pick<AppDeps, 'database' | 'newId'> & { readonly config: HighlevelConfig; readonly cipher: TokenCipher };

/** Longer than a refresh takes at most, and short enough for the next one to come within HighLevel's 30 s. */
const LEASE_SECONDS = 10;
const PATIENCE_MS = 25_000;
const LOOK_INTERVAL_MS = 200;
/** A token that ends sooner is not begun with; of a short life, its last tenth. */
const MARGIN_MS = 60_000;
const AHEAD_MS = 60 * 60_000;
const STORE_TRIES = 4;
const REFUSAL_STATUSES: ReadonlySet<number> = new Set([400, 401, 403, 422]);

interface HeldToken {
  readonly token: string;
  readonly goodUntilMs: number;
  readonly version: number;
}

type Found = Result<HeldToken, HighlevelError>;

export function sealingPurposes(companyId: string): { readonly access: string; readonly refresh: string } {
  return { access: `app access ${companyId}`, refresh: `app refresh ${companyId}` };
}

/** One per isolate. */
export function createAppTokens(deps: AppTokensDeps): AppTokens {
  let held: HeldToken | null = null;
  const shared = createSharedWork<Found>(deps.nowMs);
  const keep = (found: Found): Result<string, HighlevelError> => {
    if (!found.ok) return found;
    held = found.value;
    return ok(found.value.token);
  };
  return {
    find: async () => {
      if (held && held.goodUntilMs > deps.nowMs()) return ok(held.token);
      return keep(await shared.run('find', () => findToken(deps, null)));
    },
    renew: async (refused) => {
      if (held && held.token !== refused) return ok(held.token);
      return keep(await shared.run('renew', () => findToken(deps, refused)));
    },
    keepFresh: async () => {
      const connection = await findHighlevelConnection(deps.database, deps.config.companyId);
      if (connection?.status !== 'connected') return;
      const isDue = connection.accessExpiresAtMs - AHEAD_MS <= deps.nowMs() || connection.refreshSentAtMs !== null;
      if (isDue) keep(await shared.run('find', () => refresh(deps, connection)));
    },
  };
}

function findGoodUntil({ sinceMs, expiresAtMs }: { sinceMs: number; expiresAtMs: number }): number {
  return expiresAtMs - Math.min(MARGIN_MS, (expiresAtMs - sinceMs) / 10);
}

/** The stored token, refreshed where it has ended or is the refused one. */
async function findToken(deps: AppTokensDeps, refused: string | null): Promise<Found> {
  const connection = await findHighlevelConnection(deps.database, deps.config.companyId);
  const usable = await readConnection(deps, connection);
  if (!usable.ok) return usable;
  const isGood = usable.value.token !== refused && usable.value.goodUntilMs > deps.nowMs();
  return isGood || !connection ? usable : refresh(deps, connection);
}

async function readConnection(deps: AppTokensDeps, connection: HighlevelConnection | null): Promise<Found> {
  if (!connection) return notConnected('not_connected');
  if (connection.status === 'reconnect_needed') return notConnected('reconnect_needed');
  const token = await deps.cipher.open(connection.accessToken, sealingPurposes(connection.companyId).access);
  if (token === null) return cannotOpen(deps);
  const { connectedAtMs, refreshedAtMs, accessExpiresAtMs, version } = connection;
  const goodUntilMs = findGoodUntil({ sinceMs: refreshedAtMs ?? connectedAtMs, expiresAtMs: accessExpiresAtMs });
  return ok({ token, goodUntilMs, version });
}

function notConnected(reason: NotConnectedReason): Found {
  return err({ kind: 'not_connected', endpoint: 'getToken', reason });
}

/** Refreshes, or waits for the one who does. */
async function refresh(deps: AppTokensDeps, stale: HighlevelConnection): Promise<Found> {
  const deadlineMs = deps.nowMs() + PATIENCE_MS;
  for (;;) {
    const tried = await refreshWithLease(deps, stale);
    if (tried !== 'again') return tried;
    if (deps.nowMs() >= deadlineMs)
      return err({ kind: 'unavailable', endpoint: 'getToken', status: null, traceId: null });
    await pause(LOOK_INTERVAL_MS);
    const current = await findHighlevelConnection(deps.database, stale.companyId);
    if (!current || current.status !== 'connected' || current.version !== stale.version) {
      return readConnection(deps, current);
    }
  }
}

async function refreshWithLease(deps: AppTokensDeps, stale: HighlevelConnection): Promise<Found | 'again'> {
  const { companyId, version } = stale;
  const refreshToken = await deps.cipher.open(stale.refreshToken, sealingPurposes(companyId).refresh);
  if (refreshToken === null) return cannotOpen(deps);
  const lease = deps.newId();
  const taken = await takeRefreshLease(deps.database, { companyId, version, lease, leaseSeconds: LEASE_SECONDS });
  if (!taken) return 'again';
  const { connection, wasSent } = taken;
  const answer = await sendRefresh(deps, refreshToken);
  if (answer.ok) return keepRefreshed(deps, connection, answer.value);
  if (isTokenRefused(answer.error)) {
    return giveUp(deps, { connection, reason: wasSent ? 'refresh_answer_lost' : 'refresh_token_refused' });
  }
  await releaseRefreshLease(deps.database, { companyId, lease });
  const mayHelp = answer.error.kind === 'unknown_outcome' || answer.error.kind === 'unavailable';
  return mayHelp ? 'again' : err(answer.error);
}

function sendRefresh(deps: AppTokensDeps, refreshToken: string): Promise<Result<TokenAnswer, HighlevelError>> {
  const { clientId, clientSecret } = deps.config;
  return exchange(deps, {
    endpoint: 'getToken',
    form: {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      user_type: 'Company',
    },
    answer: tokenAnswerSchema,
    lane: { share: 'interactive', row: 'refresh' },
    authorised: null,
  });
}

/**
 * In HighLevel's own words, which a gateway's page has not; `not found` is one of its ways to say so. A refusal of the app's own
 * id or secret is a wrong setting. Neither is a reason to let a person connect again.
 */
function isTokenRefused(error: HighlevelError): boolean {
  if (!('messages' in error) || error.messages.length === 0 || !REFUSAL_STATUSES.has(error.status)) return false;
  return !/invalid_client|client[_ ]?(id|secret|credential)/i.test(error.messages.join(' '));
}

async function keepRefreshed(
  deps: AppTokensDeps,
  connection: HighlevelConnection,
  answer: TokenAnswer,
): Promise<Found> {
  const { companyId, version } = connection;
  const nowMs = deps.nowMs();
  const expiresAtMs = findExpiry(answer, nowMs);
  const purposes = sealingPurposes(companyId);
  const scopes = readScopes(answer);
  const tokens = {
    companyId,
    version,
    accessToken: await deps.cipher.seal(answer.access_token, purposes.access),
    refreshToken: await deps.cipher.seal(answer.refresh_token, purposes.refresh),
    accessExpiresAt: new Date(expiresAtMs).toISOString(),
    scopes: scopes.length > 0 ? scopes : connection.scopes,
  };
  const stored = await storeStubbornly(deps, tokens);
  const goodUntilMs = findGoodUntil({ sinceMs: nowMs, expiresAtMs });
  return ok({ token: answer.access_token, goodUntilMs, version: stored ?? version + 1 });
}

/** What is not stored now is lost in 30 s, and a person has to connect again: it is worth some more tries. */
async function storeStubbornly(
  deps: AppTokensDeps,
  tokens: Parameters<typeof storeRefreshedTokens>[1],
): Promise<number | null> {
  for (let tries = 1; ; tries++) {
    try {
      return await storeRefreshedTokens(deps.database, tokens);
    } catch (error) {
      deps.log({ event: 'highlevel_tokens_not_stored', tries, error });
      if (tries === STORE_TRIES) throw error;
      await pause(LOOK_INTERVAL_MS * 2 ** tries);
    }
  }
}

/** Nothing is written: the tokens are good, and a key that was deployed by mistake is put back. */
function cannotOpen(deps: AppTokensDeps): Found {
  deps.log({ event: 'highlevel_wrong_token_key', companyId: deps.config.companyId });
  return notConnected('wrong_token_key');
}

async function giveUp(
  deps: AppTokensDeps,
  { connection, reason }: { connection: HighlevelConnection; reason: string },
): Promise<Found> {
  const { companyId, version } = connection;
  deps.log({ event: 'highlevel_reconnect_needed', companyId, reason });
  await markReconnectNeeded(deps.database, { companyId, version, reason });
  return notConnected('reconnect_needed');
}
