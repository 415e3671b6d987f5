import type { ApiError } from '../http/problem.ts';
import type { HighlevelError } from './rules/failure.ts';

const notConnected = {
  not_configured: 'HighLevel is not configured here.',
  not_connected: 'Nobody has connected the app to HighLevel yet: POST /v1/highlevel/connect.',
  wrong_token_key:
    "HIGHLEVEL_TOKEN_KEY is not the one that HighLevel's tokens were sealed under: put that one back, or have an admin connect again, POST /v1/highlevel/connect.",
  reconnect_needed:
    'HighLevel no longer accepts the connection: an admin has to connect again, POST /v1/highlevel/connect.',
} as const;

/** What a caller of our API is told when a call to HighLevel brought nothing. */
export function toApiError(error: HighlevelError): ApiError {
  switch (error.kind) {
    case 'rate_limited':
      return {
        kind: 'rate_limited',
        detail: 'The budget of calls to HighLevel is spent for now. Nothing was done by this call.',
        retryAfterSeconds: Math.max(1, Math.ceil(error.retryAfterMs / 1000)),
      };
    case 'not_connected':
      return { kind: 'not_connected', detail: notConnected[error.reason] };
    case 'unavailable':
      return { kind: 'unavailable', part: 'HighLevel API', retryAfterSeconds: 5 };
    case 'unknown_outcome':
      return fail(error, 'HighLevel gave no clear answer: it may or may not have been done.');
    case 'unexpected_answer':
      return fail(error, `HighLevel answered something that is not as documented, at ${error.path}.`);
    case 'unauthorized':
      return fail(error, 'HighLevel refuses the token.');
    case 'wrong_token':
      return fail(error, 'The token may not do this: it is for another account, or lacks a scope.');
    case 'not_found':
    case 'invalid':
      return fail(error, `HighLevel refused: ${error.messages.join('; ') || `status ${error.status}`}.`);
  }
}

function fail(error: Exclude<HighlevelError, { kind: 'rate_limited' | 'not_connected' }>, detail: string): ApiError {
  const { kind, endpoint, status, traceId } = error;
  return { kind: 'upstream_failed', detail, upstream: { kind, endpoint, status, traceId } };
}
