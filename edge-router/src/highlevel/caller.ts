import type * as z from 'zod';
import { err, ok, type Result } from '../rules/result.ts';
import type { AppTokens } from './app-tokens.ts';
import { exchange, type ExchangeDeps, type ExchangeRequest } from './exchange.ts';
import type { LocationTokens } from './location-tokens.ts';
import { pause } from './pause.ts';
import type { Lane } from './rate-governor.ts';
import { endpoints, type Endpoint } from './rules/endpoints.ts';
import type { HighlevelError } from './rules/failure.ts';

/** Whose token a call carries. */
export type Credential =
  | { readonly kind: 'agency' }
  | { readonly kind: 'app' }
  | { readonly kind: 'location'; readonly ghlLocationId: string };

export type HighlevelCall<S extends z.ZodType> = Omit<ExchangeRequest<S>, 'lane' | 'authorised'> & {
  readonly credential: Credential;
};

/** What the functions of `calls/` send their requests with; made for one lane by `Highlevel.callerFor`. */
export interface HighlevelCaller {
  readonly companyId: string;
  readonly appId: string;
  readonly send: <S extends z.ZodType>(call: HighlevelCall<S>) => Promise<Result<z.output<S>, HighlevelError>>;
}

export type CallerDeps = ExchangeDeps & {
  readonly config: { readonly companyId: string; readonly appId: string; readonly agencyToken: string };
  readonly appTokens: AppTokens;
  readonly locationTokens: LocationTokens;
};

/** A read without an answer is sent again after these; a write never is. */
const READ_RETRIES_MS = [300, 1200];

/**
 * Sends calls in a lane's name with the token they ask for. A token that HighLevel refuses is replaced once (a refused call
 * was not done); a 429 waits its turn once more; a read is tried three times.
 */
export function createCaller(deps: CallerDeps, lane: Lane): HighlevelCaller {
  const { companyId, appId } = deps.config;
  return { companyId, appId, send: (call) => sendWithRetries(deps, lane, call) };
}

async function sendWithRetries<S extends z.ZodType>(
  deps: CallerDeps,
  lane: Lane,
  call: HighlevelCall<S>,
): Promise<Result<z.output<S>, HighlevelError>> {
  const endpoint: Endpoint = endpoints[call.endpoint];
  const waits = [...READ_RETRIES_MS];
  let mayTryAgainAfter429 = true;
  for (;;) {
    const result = await sendWithToken(deps, lane, call);
    if (result.ok) return result;
    if (result.error.kind === 'rate_limited' && result.error.saidBy === 'highlevel' && mayTryAgainAfter429) {
      mayTryAgainAfter429 = false;
      continue;
    }
    const isLostRead =
      result.error.kind === 'unavailable' && endpoint.isRead && result.error.endpoint === call.endpoint;
    const waitMs = isLostRead ? waits.shift() : undefined;
    if (waitMs === undefined) return result;
    await pause(waitMs);
  }
}

async function sendWithToken<S extends z.ZodType>(
  deps: CallerDeps,
  lane: Lane,
  call: HighlevelCall<S>,
): Promise<Result<z.output<S>, HighlevelError>> {
  const { credential, ...request } = call;
  const accepted: Endpoint['credentials'] = endpoints[call.endpoint].credentials;
  if (!accepted.includes(credential.kind)) throw new Error(`${call.endpoint} takes no ${credential.kind} token`);
  const bucket =
    credential.kind === 'location' ? `location:${credential.ghlLocationId}` : `company:${deps.config.companyId}`;
  const token = await findToken(deps, credential);
  if (!token.ok) return err(inNameOf(call, token.error));
  const first = await exchange(deps, { ...request, lane, authorised: { token: token.value, bucket } });
  if (first.ok || first.error.kind !== 'unauthorized' || credential.kind === 'agency') return first;
  const renewed = await renewToken(deps, credential, token.value);
  if (!renewed.ok) return err(inNameOf(call, renewed.error));
  return exchange(deps, { ...request, lane, authorised: { token: renewed.value, bucket } });
}

/** That nobody is connected concerns the call itself; other failures name the call for the token. */
function inNameOf(call: Pick<HighlevelCall<z.ZodType>, 'endpoint'>, error: HighlevelError): HighlevelError {
  return error.kind === 'not_connected' ? { ...error, endpoint: call.endpoint } : error;
}

function findToken(deps: CallerDeps, credential: Credential): Promise<Result<string, HighlevelError>> {
  switch (credential.kind) {
    case 'agency':
      return Promise.resolve(ok(deps.config.agencyToken));
    case 'app':
      return deps.appTokens.find();
    case 'location':
      return deps.locationTokens.find(credential.ghlLocationId);
  }
}

function renewToken(
  deps: CallerDeps,
  credential: Exclude<Credential, { kind: 'agency' }>,
  refused: string,
): Promise<Result<string, HighlevelError>> {
  return credential.kind === 'app'
    ? deps.appTokens.renew(refused)
    : deps.locationTokens.renew(credential.ghlLocationId, refused);
}
