// What HighLevel's refusals mean to a caller. Pure; https://marketplace.gohighlevel.com/docs and its issue tracker.
import * as z from 'zod';
import type { EndpointName } from './endpoints.ts';

interface Answered {
  readonly endpoint: EndpointName;
  /** HighLevel's own id of the answer, which its support asks for. */
  readonly traceId: string | null;
  readonly status: number;
  /** HighLevel's words. They may quote what was sent: for the caller, not for logs. */
  readonly messages: readonly string[];
}

/** `wrong_token_key`: the tokens that are stored were sealed under another `HIGHLEVEL_TOKEN_KEY`, and are good as soon as it is back. */
export type NotConnectedReason = 'not_configured' | 'not_connected' | 'reconnect_needed' | 'wrong_token_key';

/**
 * Why a call brought nothing.
 * - `rate_limited`: not sent, or refused with 429; nothing was done. Come back after `retryAfterMs`.
 * - `not_connected`: there is no token to send; a person has to connect.
 * - `unauthorized`: the token is not (any longer) valid, and a new one did not help.
 * - `wrong_token`: a valid token that may not do this: another sub-account's, or a scope is missing.
 * - `not_found`, `invalid`: HighLevel's answer to what was asked. An `invalid` write may still have been done (HighLevel
 *   is known to create a contact and answer 422), so look before writing again.
 * - `unavailable`: a read that got no answer, or a write that HighLevel says it did not begin.
 * - `unknown_outcome`: a write that may or may not have been done. Search; never send it again blindly.
 * - `unexpected_answer`: an answer of another shape than documented; `path` names the field. A write was done.
 */
export type HighlevelError =
  | {
      readonly kind: 'rate_limited';
      readonly endpoint: EndpointName;
      readonly retryAfterMs: number;
      /** The governor's word is for calls that were not sent; HighLevel's is a 429, and a bug of ours. */
      readonly saidBy: 'governor' | 'highlevel';
    }
  | { readonly kind: 'not_connected'; readonly endpoint: EndpointName; readonly reason: NotConnectedReason }
  | (Answered & { readonly kind: 'unauthorized' | 'wrong_token' | 'not_found' | 'invalid' })
  | {
      readonly kind: 'unavailable' | 'unknown_outcome';
      readonly endpoint: EndpointName;
      readonly traceId: string | null;
      /** Null when no answer came: a timeout or a connection that broke. */
      readonly status: number | null;
    }
  | {
      readonly kind: 'unexpected_answer';
      readonly endpoint: EndpointName;
      readonly traceId: string | null;
      readonly status: number;
      readonly path: string;
    };

const errorBodySchema = z.object({
  message: z.union([z.string(), z.array(z.unknown()).transform((parts) => parts.map(String))]).optional(),
  error: z.unknown().optional(),
  error_description: z.string().optional(),
  traceId: z.string().optional(),
});

const MAX_MESSAGES = 20;
const MAX_MESSAGE_LENGTH = 500;
/** Their answer to a path they do not know: the request is wrong, not the token. */
const UNKNOWN_ROUTE = /not yet supported by the IAM Service/i;
const MISSING_SCOPE = /scope/i;
/** An OAuth error's code (RFC 6749, 5.2), which says more than its description. */
const OAUTH_CODE = /^[a-z]+(_[a-z]+)+$/;
/** Their description has no 404: what is not there is a 400 in these words. */
const NOT_FOUND = /\b(not found|does(n't| not) exist)\b/i;

/** What an answer outside 2xx means. `body` is the parsed JSON, or anything else. */
export function classifyRefusal(answer: {
  readonly endpoint: EndpointName;
  readonly status: number;
  readonly body: unknown;
  readonly isRead: boolean;
  readonly retryAfterMs: number;
}): HighlevelError {
  const { endpoint, status, isRead, retryAfterMs } = answer;
  const { traceId, messages } = readErrorBody(answer.body);
  const told = { endpoint, status, traceId, messages };
  if (status === 429) return { kind: 'rate_limited', endpoint, retryAfterMs, saidBy: 'highlevel' };
  if (status === 401) return { kind: judgeUnauthorized(messages.join(' ')), ...told };
  if (status === 403) return { kind: 'wrong_token', ...told };
  if (status === 404 || status === 410 || (status === 400 && NOT_FOUND.test(messages.join(' ')))) {
    return { kind: 'not_found', ...told };
  }
  if (status >= 400 && status < 500 && status !== 408) return { kind: 'invalid', ...told };
  return { kind: isRead ? 'unavailable' : 'unknown_outcome', endpoint, status, traceId };
}

function judgeUnauthorized(text: string): 'unauthorized' | 'wrong_token' | 'invalid' {
  if (UNKNOWN_ROUTE.test(text)) return 'invalid';
  return MISSING_SCOPE.test(text) ? 'wrong_token' : 'unauthorized';
}

function readErrorBody(body: unknown): { traceId: string | null; messages: string[] } {
  const parsed = errorBodySchema.safeParse(body);
  if (!parsed.success) return { traceId: null, messages: [] };
  const { message, error_description, error, traceId } = parsed.data;
  const said = [message ?? error_description ?? []].flat();
  const isTelling = typeof error === 'string' && (said.length === 0 || OAUTH_CODE.test(error));
  const words = isTelling ? [error, ...said] : said;
  const messages = words.slice(0, MAX_MESSAGES).map((text) => text.slice(0, MAX_MESSAGE_LENGTH).toWellFormed());
  return { traceId: traceId ?? null, messages };
}

/** HighLevel's id of an answer, in any body. */
export function readTraceId(body: unknown): string | null {
  const parsed = z.object({ traceId: z.string() }).safeParse(body);
  return parsed.success ? parsed.data.traceId : null;
}
