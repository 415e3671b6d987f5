// One HTTP exchange with HighLevel: governed, timed, parsed, and whatever goes wrong a HighlevelError. It never sends
// anything twice. What was sent and answered never reaches a log: tokens, passwords and people's data are in it.
import type * as z from 'zod';
import type { AppDeps } from '../deps.ts';
import { parseJson, readBodyText } from '../http/body.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { Lane, RateGovernor } from './rate-governor.ts';
import { endpoints, type Endpoint, type EndpointName } from './rules/endpoints.ts';
import { classifyRefusal, readTraceId, type HighlevelError } from './rules/failure.ts';
import { readRateHeaders, type RateHeaders } from './rules/rate-headers.ts';

export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ExchangeRequest<S extends z.ZodType> {
  readonly endpoint: EndpointName;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: QueryValues;
  /** Sent as JSON, without what is undefined. */
  readonly body?: object;
  /** Sent as a form, as HighLevel's OAuth calls want it. */
  readonly form?: Readonly<Record<string, string>>;
  readonly answer: S;
  readonly lane: Lane;
  /** Null for a call without one, which no documented budget counts. */
  readonly authorised: { readonly token: string; readonly bucket: string } | null;
}

export type ExchangeDeps = Pick<AppDeps, 'fetch' | 'nowMs' | 'log'> & {
  readonly baseUrl: string;
  readonly governor: RateGovernor;
};

const ANSWER_LIMIT_BYTES = 8 * 1024 * 1024;
const RETRY_WITHOUT_ADVICE_MS = 10_000;

/** Sends the request once its turn has come. */
export async function exchange<S extends z.ZodType>(
  deps: ExchangeDeps,
  request: ExchangeRequest<S>,
): Promise<Result<z.output<S>, HighlevelError>> {
  const { endpoint: name, lane, authorised } = request;
  const endpoint: Endpoint = endpoints[name];
  const url = buildUrl(deps.baseUrl, request, endpoint);
  if (!authorised) return (await send(deps, { request, endpoint, url })).result;
  const permit = await deps.governor.acquire({ ...lane, bucket: authorised.bucket, holdMs: endpoint.timeoutMs });
  if (!permit.ok) return err({ kind: 'rate_limited', endpoint: name, saidBy: 'governor', ...permit.error });
  const { result, rate, isLimited } = await send(deps, { request, endpoint, url });
  await permit.value.settle({ rate, isLimited });
  return result;
}

interface Sent<T> {
  readonly result: Result<T, HighlevelError>;
  readonly rate: RateHeaders | null;
  readonly isLimited: boolean;
}

async function send<S extends z.ZodType>(
  deps: ExchangeDeps,
  { request, endpoint, url }: { request: ExchangeRequest<S>; endpoint: Endpoint; url: string },
): Promise<Sent<z.output<S>>> {
  const startedAtMs = deps.nowMs();
  try {
    const response = await deps.fetch(url, buildInit(request, endpoint));
    const rate = readRateHeaders(response.headers);
    const result = await readAnswer(response, { request, endpoint, rate });
    if (!result.ok) logFailure(deps, { error: result.error, status: response.status, startedAtMs });
    return { result, rate, isLimited: response.status === 429 };
  } catch (cause) {
    const kind = endpoint.isRead ? 'unavailable' : 'unknown_outcome';
    const error: HighlevelError = { kind, endpoint: request.endpoint, status: null, traceId: null };
    logFailure(deps, { error, status: null, startedAtMs, cause });
    return { result: err(error), rate: null, isLimited: false };
  }
}

function buildUrl(baseUrl: string, { path = {}, query = {} }: ExchangeRequest<z.ZodType>, endpoint: Endpoint): string {
  const filled = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = path[name];
    // Else `..` or nothing would reach another address with our token.
    if (!value || /^\.+$/.test(value)) throw new Error(`${endpoint.path} needs ${name}`);
    return encodeURIComponent(value);
  });
  const url = new URL(`${baseUrl}${filled}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

function buildInit({ body, form, authorised }: ExchangeRequest<z.ZodType>, endpoint: Endpoint): RequestInit {
  const headers = new Headers({ accept: 'application/json' });
  if (endpoint.version) headers.set('version', endpoint.version);
  if (authorised) headers.set('authorization', `Bearer ${authorised.token}`);
  if (body) headers.set('content-type', 'application/json');
  const sent = form ? new URLSearchParams(form) : body ? JSON.stringify(body) : null;
  // A redirect would carry the token to wherever it points.
  const signal = AbortSignal.timeout(endpoint.timeoutMs);
  return { method: endpoint.method, headers, redirect: 'manual', signal, ...(sent === null ? {} : { body: sent }) };
}

async function readAnswer<S extends z.ZodType>(
  response: Response,
  context: { request: ExchangeRequest<S>; endpoint: Endpoint; rate: RateHeaders | null },
): Promise<Result<z.output<S>, HighlevelError>> {
  const { request, endpoint, rate } = context;
  const { status } = response;
  const text = await readBodyText(response, ANSWER_LIMIT_BYTES);
  const json = text.ok ? parseJson(text.value) : text;
  const body = json.ok ? json.value : null;
  if (!response.ok) {
    const retryAfterMs = rate?.intervalMs ?? RETRY_WITHOUT_ADVICE_MS;
    return err(classifyRefusal({ endpoint: request.endpoint, status, body, isRead: endpoint.isRead, retryAfterMs }));
  }
  const parsed = request.answer.safeParse(body);
  if (parsed.success) return ok(parsed.data);
  const path = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
  return err({
    kind: 'unexpected_answer',
    endpoint: request.endpoint,
    status,
    traceId: readTraceId(body),
    path: path === '' ? '(body)' : path,
  });
}

function logFailure(
  deps: ExchangeDeps,
  failed: { error: HighlevelError; status: number | null; startedAtMs: number; cause?: unknown },
): void {
  const { error, status, startedAtMs, cause } = failed;
  deps.log({
    event: 'highlevel_call_failed',
    endpoint: error.endpoint,
    kind: error.kind,
    status,
    traceId: 'traceId' in error ? error.traceId : null,
    ...(error.kind === 'unexpected_answer' ? { field: error.path } : {}),
    tookMs: deps.nowMs() - startedAtMs,
    ...(cause === undefined ? {} : { error: cause }),
  });
}
