// Every error leaves as an RFC 9457 problem, made here and nowhere else. Texts are for the caller: never a secret,
// never a person's data, never an internal reason (the log has that, under the same request id).

/** One bad input. `field` is a path such as `coordinates.lat`; rows of a file carry `row` and `column` instead. */
export interface InputError {
  readonly field?: string;
  readonly row?: number;
  readonly column?: string;
  readonly value?: string;
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
}

/** Why an onboarding step did not come to its end. */
export interface StepFailure {
  readonly runId: string;
  readonly step: string;
  /** Stable, for machines. */
  readonly reason: string;
  readonly detail: string;
  /** What to do about it. */
  readonly action: string;
  /** Whether asking again may help although nobody changes anything. */
  readonly retryable: boolean;
  /** What exactly is missing or wrong. */
  readonly findings?: readonly unknown[];
}

/** The closed set of expected failures that a caller of the API can meet. */
export type ApiError =
  | { readonly kind: 'invalid_input'; readonly errors: readonly InputError[]; readonly errorsOmitted?: number }
  | { readonly kind: 'invalid_json' }
  | { readonly kind: 'invalid_encoding' }
  | { readonly kind: 'unsupported_media_type'; readonly expected: string }
  | { readonly kind: 'body_too_large'; readonly limitBytes: number }
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'forbidden'; readonly scope: string }
  | { readonly kind: 'not_found'; readonly what: string }
  | { readonly kind: 'archived'; readonly what: string }
  | { readonly kind: 'source_not_allowed'; readonly source: string }
  | { readonly kind: 'method_not_allowed' }
  | { readonly kind: 'idempotency_conflict'; readonly leadId: string }
  | { readonly kind: 'conflict'; readonly detail: string; readonly errors?: readonly InputError[] }
  | {
      readonly kind: 'run_conflict';
      readonly detail: string;
      /** The run that is in the way, or that is meant. */
      readonly runId: string | null;
    }
  | {
      readonly kind: 'step_blocked';
      readonly runId: string;
      readonly step: string;
      /** Steps that have to succeed first. */
      readonly missing: readonly string[];
    }
  | ({ readonly kind: 'step_failed' } & StepFailure)
  | ({ readonly kind: 'step_interrupted'; readonly retryAfterSeconds: number } & StepFailure)
  | { readonly kind: 'invalid_signature' }
  | { readonly kind: 'unavailable'; readonly part: string; readonly retryAfterSeconds: number }
  | { readonly kind: 'rate_limited'; readonly detail: string; readonly retryAfterSeconds: number }
  | { readonly kind: 'not_connected'; readonly detail: string }
  | {
      readonly kind: 'upstream_failed';
      readonly detail: string;
      readonly upstream: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'misconfigured' }
  | { readonly kind: 'internal' };

/** What a problem is called and the status it comes with, by its code. */
export const problemKinds: Readonly<Record<ApiError['kind'], { readonly status: number; readonly title: string }>> = {
  invalid_input: { status: 422, title: 'Some of the input is not valid' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_encoding: { status: 400, title: 'The body is not UTF-8' },
  unsupported_media_type: { status: 415, title: 'Unsupported content type' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unauthenticated: { status: 401, title: 'No valid API key' },
  forbidden: { status: 403, title: 'The key may not do this' },
  source_not_allowed: { status: 403, title: 'The key may not send for this source' },
  not_found: { status: 404, title: 'Not found' },
  archived: { status: 410, title: 'Archived' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  idempotency_conflict: { status: 409, title: 'The same key came with another body' },
  conflict: { status: 409, title: 'In conflict with what exists' },
  run_conflict: { status: 409, title: 'In conflict with a run' },
  step_blocked: { status: 409, title: 'Other steps come first' },
  step_failed: { status: 422, title: 'The step failed' },
  step_interrupted: { status: 503, title: 'The step could not be finished now' },
  invalid_signature: { status: 401, title: 'Invalid signature' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  rate_limited: { status: 429, title: 'Come back later' },
  not_connected: { status: 409, title: 'HighLevel is not connected' },
  upstream_failed: { status: 502, title: 'HighLevel did not do it' },
  misconfigured: { status: 500, title: 'The router is not configured' },
  internal: { status: 500, title: 'Internal error' },
};

interface ProblemText {
  readonly detail: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

function describeError(error: ApiError): ProblemText {
  switch (error.kind) {
    case 'invalid_input':
      return {
        detail: `${countErrors(error)}: see "errors". Nothing was written.`,
        extra: { errors: error.errors, ...(error.errorsOmitted ? { errorsOmitted: error.errorsOmitted } : {}) },
      };
    case 'invalid_json':
      return { detail: 'Send one JSON document in UTF-8.' };
    case 'invalid_encoding':
      return {
        detail: 'Save the file as UTF-8 (in a spreadsheet: "CSV UTF-8") and send it again. Nothing was written.',
      };
    case 'unsupported_media_type':
      return { detail: `Send ${error.expected}.` };
    case 'body_too_large':
      return { detail: `The limit is ${error.limitBytes} bytes.` };
    case 'unauthenticated':
      return { detail: 'Send "Authorization: Bearer <API key>" with a key that exists and has not been revoked.' };
    case 'forbidden':
      return { detail: `The key needs the scope ${error.scope}.` };
    case 'source_not_allowed':
      return { detail: `The key may not send leads as ${error.source}. Nothing was written.` };
    case 'not_found':
      return { detail: `There is no such ${error.what}.` };
    case 'archived':
      return { detail: `The ${error.what} is older than they are kept here, and went into the archive.` };
    case 'method_not_allowed':
      return { detail: 'This address exists, but not for this method.' };
    case 'idempotency_conflict':
      return {
        detail:
          'A lead with other content came before under this source and externalId, or this Idempotency-Key. Nothing was written.',
        extra: { leadId: error.leadId },
      };
    case 'conflict':
      return { detail: error.detail, ...(error.errors ? { extra: { errors: error.errors } } : {}) };
    case 'run_conflict':
      return { detail: error.detail, extra: { runId: error.runId, retryable: false } };
    case 'step_blocked': {
      const { runId, step, missing } = error;
      const detail = `First ${missing.join(' and ')}; then ${step}.`;
      return { detail, extra: { runId, step, missing, retryable: false } };
    }
    case 'step_failed':
    case 'step_interrupted': {
      const { runId, step, reason, detail, action, retryable, findings } = error;
      return { detail, extra: { runId, step, reason, action, retryable, ...(findings ? { findings } : {}) } };
    }
    case 'invalid_signature':
      return { detail: 'The request is not signed as it must be.' };
    case 'unavailable':
      return { detail: `The ${error.part} cannot be reached. Nothing was accepted; send the same request again.` };
    case 'rate_limited':
    case 'not_connected':
      return { detail: error.detail };
    case 'upstream_failed':
      return { detail: error.detail, extra: { upstream: error.upstream } };
    case 'misconfigured':
      return { detail: 'Its log names the settings at fault.' };
    case 'internal':
      return { detail: 'Something failed here. The request id finds it.' };
  }
}

function countErrors(error: { errors: readonly InputError[]; errorsOmitted?: number }): string {
  const count = error.errors.length + (error.errorsOmitted ?? 0);
  return count === 1 ? '1 error' : `${count} errors`;
}

export type Problem = Readonly<Record<string, unknown>>;

/** The body of the problem response of a failure. */
export function describeProblem(error: ApiError, requestId: string): Problem {
  const { status, title } = problemKinds[error.kind];
  const { detail, extra } = describeError(error);
  return { type: 'about:blank', title, status, detail, code: error.kind, requestId, ...extra };
}

/** Maps an expected failure to its problem response (RFC 9457); `code` is the stable name for machines. */
export function toProblem(error: ApiError, requestId: string): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if ('retryAfterSeconds' in error) headers.set('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  if (error.kind === 'unauthenticated') headers.set('www-authenticate', 'Bearer');
  return new Response(JSON.stringify(describeProblem(error, requestId)), {
    status: problemKinds[error.kind].status,
    headers,
  });
}
