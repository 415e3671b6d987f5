// What went wrong, in the words that a person in the editor needs: what happened, and what to do about it.
import type { IDataObject, NodeApiError } from 'n8n-workflow';

export interface Failure {
  /** What happened. No identifier in it: n8n replaces a message that contains the name of an errno. */
  readonly message: string;
  /** What to do. */
  readonly description: string;
  /** Stable, for machines. */
  readonly code: string;
  /** Null where no answer came. */
  readonly httpStatus: number | null;
  readonly requestId: string | null;
  /** Whether the same again may succeed although nobody changes anything. */
  readonly retryable: boolean;
  /** Of no use to go on with the other items: they would meet the same. */
  readonly isForAll: boolean;
  /** What else the answer says: bad fields, findings. */
  readonly more: IDataObject;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

export const GATEWAY = 'gateway';

/** The names that n8n looks for in messages, see `COMMON_ERRORS` of n8n-workflow. */
const ERRNO_NAMES =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|ERRADDRINUSE|EADDRNOTAVAIL|ECONNABORTED|EHOSTUNREACH|EAI_AGAIN|ENOENT|EISDIR|ENOTDIR|EACCES|EEXIST|EPERM|GETADDRINFO/i;

/** Of a problem, what goes into the failure's own fields. */
const PROBLEM_FIELDS = new Set([
  'type',
  'title',
  'status',
  'detail',
  'code',
  'requestId',
  'retryable',
  'action',
  'reason',
]);

/** Turns an answer that is not a success into a failure; `baseUrl` is named where it is likely to be the cause. */
export function describeAnswer({ status, headers, body }: Answer, baseUrl: string): Failure {
  const requestId = headers['x-request-id'] ?? null;
  if (!isProblem(body) && status >= 500) return describeGateway(status, requestId);
  if (!isProblem(body)) {
    return {
      message: `The address in the credential did not answer as Switchyard does (HTTP ${status})`,
      description: `Check 'Base URL' of the credential: it is ${baseUrl}, and must be the router's address without a path.`,
      code: 'not_switchyard',
      httpStatus: status,
      requestId,
      retryable: false,
      isForAll: true,
      more: {},
    };
  }
  const isLimited = status === 429 || status === 503;
  return {
    message: toMessage(body),
    description: adviseOn(status, body, baseUrl),
    code: textOf(body.reason) ?? textOf(body.code) ?? 'unknown',
    httpStatus: status,
    requestId: textOf(body.requestId) ?? requestId,
    retryable: typeof body.retryable === 'boolean' ? body.retryable : isLimited || status >= 500,
    isForAll: status === 401 || status === 403,
    more: Object.fromEntries(Object.entries(body).filter(([field]) => !PROBLEM_FIELDS.has(field))),
  };
}

/** What stands before the router answers in its place while that is away or too slow. */
function describeGateway(status: number, requestId: string | null): Failure {
  return {
    message: `Switchyard is away for the moment (HTTP ${status})`,
    description:
      'A gateway answered in its place. Running this node again does nothing twice; only a lead without an External ID may come a second time.',
    code: GATEWAY,
    httpStatus: status,
    requestId,
    retryable: true,
    isForAll: false,
    more: {},
  };
}

/** For a request that got no answer at all. */
export function describeSilence(
  error: unknown,
  { baseUrl, timeoutMs }: { baseUrl: string; timeoutMs: number },
): Failure {
  const isTimeout = /timeout|timed out|ETIMEDOUT|ECONNABORTED/i.test(describeCause(error));
  return {
    message: isTimeout
      ? `Switchyard did not answer within ${Math.round(timeoutMs / 1000)} seconds`
      : 'Switchyard cannot be reached',
    description: isTimeout
      ? 'The router is slow or the network is. Running this node again is safe: what was done is not done twice.'
      : `Check that the router runs and that n8n can reach it at ${baseUrl}, the 'Base URL' of the credential. If n8n forbids private addresses, allow this one (N8N_SSRF_ALLOWED_IP_RANGES or N8N_SSRF_ALLOWED_HOSTNAMES). Running this node again is safe.`,
    code: isTimeout ? 'no_answer_in_time' : 'unreachable',
    httpStatus: null,
    requestId: null,
    retryable: true,
    isForAll: !isTimeout,
    more: { cause: describeCause(error) },
  };
}

/** A failure that is the workflow's own: a parameter, an item. */
export function describeMisuse(message: string, description: string): Failure {
  return {
    message,
    description,
    code: 'invalid_parameter',
    httpStatus: null,
    requestId: null,
    retryable: false,
    isForAll: false,
    more: {},
  };
}

/** Thrown where a request is built from an item that does not do: it fails that item alone. */
export class Misuse extends Error {
  readonly failure: Failure;

  constructor(message: string, description: string) {
    super(message);
    this.failure = describeMisuse(message, description);
  }
}

/** n8n's own classes of failures, where one fits. */
export function classify({ httpStatus, code, retryable }: Failure): NodeApiError['failure'] {
  if (httpStatus === 401 || httpStatus === 403) return { cause: 'credential-invalid' };
  if (httpStatus === 429) return { cause: 'rate-limited' };
  if (retryable) return { cause: 'temporarily-unavailable' };
  return code === 'not_switchyard' || code === 'invalid_parameter' ? { cause: 'configuration-invalid' } : undefined;
}

type Problem = Readonly<IDataObject> & { readonly code: string };

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

function toMessage(problem: Problem): string {
  const title = textOf(problem.title) ?? 'Switchyard refused the request';
  const detail = textOf(problem.detail);
  const errors = listErrors(problem);
  const text = errors.length > 0 ? `${title}: ${errors.slice(0, 3).join('; ')}` : (detail ?? title);
  return ERRNO_NAMES.test(text) ? title : text;
}

function adviseOn(status: number, problem: Problem, baseUrl: string): string {
  const parts = [
    textOf(problem.action),
    status === 401 ? "Put a key that exists into 'API Key' of the credential." : null,
    status === 404 && problem.code === 'not_found' && /address/.test(textOf(problem.detail) ?? '')
      ? `The router at ${baseUrl} does not know this address: it may be older than this package.`
      : null,
    textOf(problem.detail),
    listErrors(problem).slice(3, 20).join('; ') || null,
    textOf(problem.requestId) ? `Request ID: ${String(problem.requestId)}` : null,
  ];
  return [...new Set(parts.filter((part) => part !== null && part !== ''))].join(' · ');
}

/** `row 5, Zip Code: …` for each bad field or cell. */
function listErrors(problem: Problem): string[] {
  if (!Array.isArray(problem.errors)) return [];
  return (problem.errors as IDataObject[]).map(({ row, column, field, message, suggestion }) => {
    const where = [row === undefined ? null : `row ${String(row)}`, textOf(column) ?? textOf(field)];
    const place = where.filter(Boolean).join(', ');
    const hint = textOf(suggestion) ? ` (did you mean ${String(suggestion)}?)` : '';
    return `${place}${place ? ': ' : ''}${textOf(message) ?? 'not valid'}${hint}`;
  });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function describeCause(error: unknown): string {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = 'code' in cause ? cause.code : null;
    if (typeof code === 'string') return code;
  }
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown';
}
