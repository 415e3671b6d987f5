import type { HighlevelError } from '../highlevel/rules/failure.ts';
import type { Failed, Waiting } from './step.ts';

const RETRY_SECONDS = 15;

/** What a call that brought nothing means for the step that made it. `doing` completes 'HighLevel … while'. */
export function failForHighlevel(error: HighlevelError, doing: string): Failed | Waiting {
  const failed = { kind: 'failed', isRetryable: false } as const;
  switch (error.kind) {
    case 'rate_limited':
      return {
        kind: 'waiting',
        waitsFor: 'rate budget',
        detail: `HighLevel takes no more calls for the moment (${doing}).`,
        retryAfterSeconds: Math.max(1, Math.ceil(error.retryAfterMs / 1000)),
      };
    case 'unavailable':
    case 'unknown_outcome':
      return {
        ...failed,
        reason: 'highlevel_unavailable',
        detail: `HighLevel did not answer${error.status === null ? '' : ` (${error.status})`} while ${doing}.`,
        action: 'Ask again: the step looks first for what this attempt may have left.',
        isRetryable: true,
        retryAfterSeconds: RETRY_SECONDS,
      };
    case 'not_connected':
    case 'unauthorized':
      return {
        ...failed,
        reason: 'highlevel_not_connected',
        detail: `HighLevel accepts no token of ours while ${doing}.`,
        action: 'Look at GET /v1/highlevel/status, connect HighLevel again, then run the step again.',
      };
    case 'wrong_token':
      return {
        ...failed,
        reason: 'highlevel_forbidden',
        detail: `HighLevel does not let our token do this: ${doing}.${quote(error.messages)}`,
        action: 'Give the private integration or the app the missing scope, then run the step again.',
      };
    case 'not_found':
      return {
        ...failed,
        reason: 'highlevel_not_found',
        detail: `HighLevel does not know what was asked for while ${doing}.${quote(error.messages)}`,
        action: 'Look whether somebody deleted it in HighLevel, and check the ids in the onboarding settings.',
      };
    case 'invalid':
      return {
        ...failed,
        reason: 'highlevel_refused',
        detail: `HighLevel refused the data while ${doing}.${quote(error.messages)}`,
        action: 'Correct the row (PUT /v1/onboarding/runs/{runId}/row) or the settings, then run the step again.',
      };
    case 'unexpected_answer':
      return {
        ...failed,
        reason: 'highlevel_unexpected_answer',
        detail: `HighLevel answered in another shape than documented (${error.path}) while ${doing}.`,
        action: 'Report the trace id in the log; running the step again is safe.',
      };
  }
}

/** HighLevel's own words may quote a person's data: digits of phones and addresses of mail are blotted out. */
function quote(messages: readonly string[]): string {
  const text = messages
    .join('; ')
    .replaceAll(/[^\s@"']+@[^\s@"']+/g, '…@…')
    .replaceAll(/\+?\d[\d\s().-]{6,}\d/g, '…')
    .slice(0, 300);
  return text === '' ? '' : ` It said: ${text}`;
}
