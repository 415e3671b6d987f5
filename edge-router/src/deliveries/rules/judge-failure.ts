import type { HighlevelError } from '../../highlevel/rules/failure.ts';

/** Why a try did not come to its end, as it is kept and shown. */
export interface DeliveryFailure {
  /** One of HighLevel's errors by kind, or one of ours. */
  readonly kind: string;
  readonly detail: string;
  readonly traceId: string | null;
  /** What the other side says of when to come back; null where it says nothing. */
  readonly retryAfterMs: number | null;
}

export interface FailedTry {
  /** 1 is the first. */
  readonly attempt: number;
  readonly firstFailedAtMs: number | null;
  readonly nowMs: number;
}

export interface TryVerdict {
  /** Null: it is given up. */
  readonly afterSeconds: number | null;
  /** Whether it was a try: waiting for the rate budget is none. */
  readonly counts: boolean;
}

const FIRST_DELAY_SECONDS = 2;
const MAX_DELAY_SECONDS = 4 * 60 * 60;
/** Counted from the first failure. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60 * 1000;
/** What HighLevel refuses for what it says is refused again: a second look, then a person's. */
const TRIES_OF_REFUSED = 3;
const refusedKinds = new Set(['invalid', 'wrong_token', 'not_found', 'unexpected_answer', 'no_contact_details']);
const hopelessKinds = new Set(['no_contact_details']);

/** When a failed try is followed by the next: from 2 s, doubling to 4 h, for 24 hours in all. */
export function judgeFailure(failure: DeliveryFailure, { attempt, firstFailedAtMs, nowMs }: FailedTry): TryVerdict {
  if (failure.kind === 'rate_limited') {
    return { afterSeconds: Math.max(1, Math.ceil((failure.retryAfterMs ?? 1000) / 1000)), counts: false };
  }
  if (hopelessKinds.has(failure.kind)) return { afterSeconds: null, counts: true };
  if (refusedKinds.has(failure.kind) && attempt >= TRIES_OF_REFUSED) return { afterSeconds: null, counts: true };
  const doubled = Math.min(FIRST_DELAY_SECONDS * 2 ** Math.min(attempt - 1, 30), MAX_DELAY_SECONDS);
  const afterSeconds = Math.max(doubled, Math.ceil((failure.retryAfterMs ?? 0) / 1000));
  const endsAtMs = (firstFailedAtMs ?? nowMs) + GIVE_UP_AFTER_MS;
  return { afterSeconds: nowMs + afterSeconds * 1000 > endsAtMs ? null : afterSeconds, counts: true };
}

/** In our words: HighLevel's own may quote people's data. */
export function describeHighlevelError(error: HighlevelError, doing: string): DeliveryFailure {
  const traceId = 'traceId' in error ? error.traceId : null;
  const retryAfterMs = error.kind === 'rate_limited' ? error.retryAfterMs : null;
  return { kind: error.kind, detail: `${doing}: ${wordsOf(error)}`, traceId, retryAfterMs };
}

function wordsOf(error: HighlevelError): string {
  switch (error.kind) {
    case 'rate_limited':
      return 'HighLevel takes no more calls for the moment';
    case 'not_connected':
      return 'HighLevel is not connected: look at GET /v1/highlevel/status';
    case 'unauthorized':
      return 'HighLevel accepts no token of ours for this sub-account';
    case 'wrong_token':
      return `HighLevel does not let our token do this (${error.status})`;
    case 'not_found':
      return `HighLevel does not know it (${error.status}): somebody may have deleted it`;
    case 'invalid':
      return `HighLevel refused what we sent (${error.status})`;
    case 'unavailable':
    case 'unknown_outcome':
      return `HighLevel did not answer${error.status === null ? '' : ` (${error.status})`}`;
    case 'unexpected_answer':
      return `HighLevel answered in another shape than documented (${error.path})`;
  }
}
