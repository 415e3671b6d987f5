// Connecting the app: an admin of the agency is sent to HighLevel with a state of ours, and comes back with it and a code. The state
// is signed, lives ten minutes and works once; a code without one was begun by somebody else, and is refused.
import { createOauthState } from '../../../db/queries/create-oauth-state.ts';
import { storeHighlevelConnection } from '../../../db/queries/store-highlevel-connection.ts';
import { takeOauthState } from '../../../db/queries/take-oauth-state.ts';
import type { AppDeps } from '../deps.ts';
import { createKeyedHash, hashText } from '../http/hash.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { toApiError } from './api-error.ts';
import { sealingPurposes } from './app-tokens.ts';
import { exchange } from './exchange.ts';
import type { Highlevel } from './highlevel.ts';
import { appScopes } from './rules/app-scopes.ts';
import { findExpiry, readScopes, tokenAnswerSchema, type TokenAnswer } from './token-answer.ts';

/** HighLevel's pages for other brands allow no address that names it. */
const CALLBACK_PATH = '/v1/oauth/callback';
const STATE_LIVES_MS = 10 * 60_000;

type ConnectDeps = Pick<AppDeps, 'config' | 'database' | 'nowMs' | 'newId' | 'fetch' | 'log'>;

export interface ConnectionStart {
  readonly authorizeUrl: string;
  readonly expiresAt: string;
}

/** The address that an admin of the agency has to open. */
export async function startConnection(deps: ConnectDeps, highlevel: Highlevel): Promise<ConnectionStart> {
  const expiresAtMs = deps.nowMs() + STATE_LIVES_MS;
  const expiresAt = new Date(expiresAtMs).toISOString();
  const state = signState(highlevel, `${deps.newId()}.${expiresAtMs}`);
  await createOauthState(deps.database, { stateHash: hashText(state), expiresAt });
  const url = new URL(highlevel.config.authorizeUrl);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('redirect_uri', `${deps.config.publicUrl}${CALLBACK_PATH}`);
  url.searchParams.set('client_id', highlevel.config.clientId);
  url.searchParams.set('scope', appScopes.join(' '));
  url.searchParams.set('state', state);
  return { authorizeUrl: url.href, expiresAt };
}

/** The admin came back: uses up the state, changes the code for tokens and keeps them, sealed. */
export async function finishConnection(
  deps: ConnectDeps,
  highlevel: Highlevel,
  { code, state }: { readonly code: string; readonly state: string },
): Promise<Result<{ installToFutureLocations: boolean | null }, ApiError>> {
  if (!(await isOurState(deps, highlevel, state))) {
    const message = 'Begin with POST /v1/highlevel/connect: this address works once, for ten minutes.';
    return err(invalidInput([{ field: 'state', code: 'invalid_state', message }]));
  }
  const answer = await exchangeCode(deps, highlevel, code);
  if (!answer.ok) return err(toApiError(answer.error));
  const { companyId } = highlevel.config;
  if (answer.value.userType !== 'Company' || answer.value.companyId !== companyId) {
    const detail = 'The app was let in by another account than the agency that is configured. Nothing was changed.';
    return err({ kind: 'conflict', detail });
  }
  await keepTokens(deps, highlevel, answer.value);
  return ok({ installToFutureLocations: answer.value.installToFutureLocations ?? null });
}

function signState(highlevel: Highlevel, text: string): string {
  const sign = createKeyedHash(`oauth state ${highlevel.config.tokenKey}`);
  return `${text}.${sign(text)}`;
}

async function isOurState(deps: ConnectDeps, highlevel: Highlevel, state: string): Promise<boolean> {
  const text = state.slice(0, state.lastIndexOf('.'));
  // Compared by their hashes, so that how long it takes tells nothing of the right one.
  const isSigned = hashText(signState(highlevel, text)) === hashText(state);
  return isSigned && takeOauthState(deps.database, hashText(state));
}

function exchangeCode(deps: ConnectDeps, highlevel: Highlevel, code: string) {
  const { clientId, clientSecret } = highlevel.config;
  return exchange(
    { fetch: deps.fetch, nowMs: deps.nowMs, log: deps.log, baseUrl: highlevel.baseUrl, governor: highlevel.governor },
    {
      endpoint: 'getToken',
      form: {
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'authorization_code',
        code,
        user_type: 'Company',
        redirect_uri: `${deps.config.publicUrl}${CALLBACK_PATH}`,
      },
      answer: tokenAnswerSchema,
      lane: { share: 'interactive', row: 'connect' },
      authorised: null,
    },
  );
}

async function keepTokens(deps: ConnectDeps, { cipher, config }: Highlevel, answer: TokenAnswer): Promise<void> {
  const purposes = sealingPurposes(config.companyId);
  await storeHighlevelConnection(deps.database, {
    companyId: config.companyId,
    accessToken: await cipher.seal(answer.access_token, purposes.access),
    refreshToken: await cipher.seal(answer.refresh_token, purposes.refresh),
    accessExpiresAt: new Date(findExpiry(answer, deps.nowMs())).toISOString(),
    scopes: readScopes(answer),
    installToFutureLocations: answer.installToFutureLocations ?? null,
  });
}
