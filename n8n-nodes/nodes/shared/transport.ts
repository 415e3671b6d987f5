// The one way to the router. Answers are taken whole, whatever their status, so that a failure can be told in the router's own
// words; a busy router is asked again here, per request, since n8n's Retry On Fail looks at the first item of a batch only.
import {
  sleep,
  type IAllExecuteFunctions,
  type IDataObject,
  type IHttpRequestMethods,
  type IHttpRequestOptions,
  type IN8nHttpFullResponse,
} from 'n8n-workflow';
import { describeAnswer, describeSilence, GATEWAY, type Answer, type Failure } from './failure';

export const CREDENTIAL = 'switchyardApi';

const READ_TIMEOUT_MS = 30_000;
const MAX_TRIES = 6;
/** All the waiting of one request together. */
const MAX_WAIT_MS = 180_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** Tries of a request that got no answer: what is down stays down for longer than we would wait. */
const MAX_SILENT_TRIES = 3;

export interface SwitchyardRequest {
  readonly method: IHttpRequestMethods;
  /** From the root, `/v1/…`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON; a string or bytes as they are, with `contentType`. */
  readonly body?: IDataObject | IDataObject[] | string | Buffer;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** The answer is a file, not JSON. */
  readonly isText?: boolean;
}

export type Outcome =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly failure: Failure };

export interface Switchyard {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly send: (request: SwitchyardRequest) => Promise<Outcome>;
}

type Context = Pick<IAllExecuteFunctions, 'getCredentials' | 'helpers'>;

/** Every request of ours is safe to repeat: the router knows what it has done by batch, row and step, or by source and id. */
export async function connect(context: Context, signal?: AbortSignal): Promise<Switchyard> {
  const credentials = await context.getCredentials(CREDENTIAL);
  const baseUrl = normaliseBaseUrl(String(credentials.baseUrl ?? ''));
  return { baseUrl, send: (request) => sendPatiently({ context, baseUrl, signal }, request) };
}

export function normaliseBaseUrl(text: string): string {
  return text.trim().replace(/\/+$/, '');
}

/** How long to wait before the next try: what Retry-After says (seconds or a date), else twice as long each time. */
export function chooseWaitMs(tries: number, retryAfter: string | undefined, nowMs: number): number {
  const asked = retryAfter === undefined ? NaN : parseRetryAfterMs(retryAfter, nowMs);
  if (Number.isFinite(asked)) return Math.max(0, asked);
  return Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS);
}

export function parseRetryAfterMs(text: string, nowMs: number): number {
  return /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs;
}

interface Sending {
  readonly context: Context;
  readonly baseUrl: string;
  readonly signal: AbortSignal | undefined;
}

async function sendPatiently(sending: Sending, request: SwitchyardRequest): Promise<Outcome> {
  let waitedMs = 0;
  for (let tries = 1; ; tries++) {
    const outcome = await sendOnce(sending, request);
    if (outcome.ok) return outcome;
    const { httpStatus } = outcome.failure;
    const mayTry =
      httpStatus === null ? tries < MAX_SILENT_TRIES && outcome.failure.code === 'unreachable' : tries < MAX_TRIES;
    const isBusy = httpStatus === null || httpStatus === 429 || httpStatus === 503 || outcome.failure.code === GATEWAY;
    const waitMs = chooseWaitMs(tries, outcome.retryAfter, Date.now());
    waitedMs += waitMs;
    if (!isBusy || !mayTry || waitedMs > MAX_WAIT_MS || sending.signal?.aborted) return outcome;
    await sleep(waitMs);
  }
}

type Attempt = { ok: true; answer: Answer } | { ok: false; failure: Failure; retryAfter: string | undefined };

async function sendOnce({ context, baseUrl, signal }: Sending, request: SwitchyardRequest): Promise<Attempt> {
  const timeoutMs = request.timeoutMs ?? READ_TIMEOUT_MS;
  let response: IN8nHttpFullResponse;
  try {
    response = (await context.helpers.httpRequestWithAuthentication.call(
      context as IAllExecuteFunctions,
      CREDENTIAL,
      toOptions(request, { baseUrl, timeoutMs, signal }),
    )) as IN8nHttpFullResponse;
  } catch (error) {
    return { ok: false, failure: describeSilence(error, { baseUrl, timeoutMs }), retryAfter: undefined };
  }
  const answer = readAnswer(response);
  if (answer.status >= 200 && answer.status < 300) {
    const isExpected = request.isText === true || answer.status === 204 || typeof answer.body === 'object';
    if (isExpected) return { ok: true, answer };
  }
  return { ok: false, failure: describeAnswer(answer, baseUrl), retryAfter: answer.headers['retry-after'] };
}

function toOptions(
  { method, path, query, body, contentType, headers, isText }: SwitchyardRequest,
  { baseUrl, timeoutMs, signal }: { baseUrl: string; timeoutMs: number; signal: AbortSignal | undefined },
): IHttpRequestOptions {
  const qs = Object.fromEntries(Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== ''));
  const type = contentType ?? (body === undefined ? undefined : 'application/json');
  return {
    method,
    url: `${baseUrl}${path}`,
    qs,
    headers: { Accept: isText ? '*/*' : 'application/json', ...(type ? { 'Content-Type': type } : {}), ...headers },
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    encoding: 'text',
    json: false,
    returnFullResponse: true,
    ignoreHttpStatusErrors: true,
    disableFollowRedirect: true,
    timeout: timeoutMs,
    ...(signal ? { abortSignal: signal } : {}),
  };
}

function readAnswer({ statusCode, headers, body }: IN8nHttpFullResponse): Answer {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return { status: statusCode, headers: Object.fromEntries(named), body: parseBody(body) };
}

/** JSON where it is JSON, else the text. */
function parseBody(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
