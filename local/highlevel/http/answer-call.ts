import { randomUUID } from 'node:crypto';
import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import { authorize } from '../auth/authorize.ts';
import type { Token } from '../auth/tokens.ts';
import type { Fault } from '../faults.ts';
import { readLocation } from '../modules/locations-table.ts';
import type { Module, Services } from '../services.ts';
import { invalidToken, noAccess, tooManyRequests, unauthorized, unknownRoute, unprocessable } from './answers.ts';
import { describeIssues } from './describe-issues.ts';
import { createRouteFinder } from './find-route.ts';
import { routeName, type Answer, type Call, type Route } from './route.ts';

/** An HTTP request as it arrived. */
export type RawRequest = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
};

/** What goes onto the wire. `answer` undefined: the connection is dropped, or left open without a word. */
export type Reply = {
  readonly answer: Answer | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly isHanging: boolean;
  readonly delayMs: number;
};

type Checked = { readonly answer: Answer; readonly headers: Readonly<Record<string, string>>; readonly bucket: string };

const noToken: Token = {
  id: '',
  kind: 'location-oauth',
  companyId: '',
  locationId: undefined,
  appId: undefined,
  userId: '',
  scopes: [],
  expiresAtMs: 0,
};

/** Answers API requests, each in one transaction with its line in the log. */
export function createCallAnswerer(services: Services, modules: readonly Module[]) {
  const { store, clock, tokens, rateLimits, faults, requestLog } = services;
  const findRoute = createRouteFinder(modules.flatMap(({ routes }) => routes));

  /** In the order of a gateway: is there such a route, who asks, how often, may they, is the request sound. */
  function check(request: RawRequest, match: ReturnType<typeof findRoute>, fault: Fault | undefined): Checked {
    const nothing = { headers: {}, bucket: '' };
    if (match === undefined) return { ...nothing, answer: unknownRoute };
    const { route, params } = match;
    const nowMs = clock.nowMs();
    if (route.security.length === 0) {
      return { ...nothing, answer: perform({ request, route, params, token: noToken, nowMs, fault }) };
    }
    const token = tokens.findValid(readBearer(request), nowMs);
    if (token === undefined) return { ...nothing, answer: invalidToken };
    const bucket = token.locationId === undefined ? `company:${token.companyId}` : `location:${token.locationId}`;
    const { isAllowed, headers } = rateLimits.take(bucket, nowMs);
    if (!isAllowed) return { answer: tooManyRequests, headers, bucket };
    return { answer: perform({ request, route, params, token, nowMs, fault }), headers, bucket };
  }

  function perform(asked: Asked): Answer {
    const { request, route, token, fault } = asked;
    if (fault?.kind === 'status') return describeFault(fault.status);
    const refusal = refuseHeaders(request, route);
    if (refusal !== undefined) return refusal;
    if (route.security.length > 0) {
      const authorized = authorize(token, route);
      if (!authorized.ok) return authorized.error;
    }
    const call = readCall(services, asked);
    if (!call.ok) return call.error;
    const answer = route.handle(call.value);
    return fault?.kind === 'status-after' ? describeFault(fault.status) : answer;
  }

  /** Never throws for what a caller sends. */
  function answerCall(request: RawRequest): Reply {
    const traceId = randomUUID();
    const match = findRoute(request.method, request.path);
    const route = match === undefined ? `${request.method} ${request.path}` : routeName(match.route);
    return store.transaction(() => {
      const atMs = clock.nowMs();
      for (const { catchUp } of modules) catchUp?.(atMs);
      const fault = faults.take(route);
      const isUndone = fault?.kind === 'hang' || fault?.kind === 'reset-before';
      const checked = isUndone ? undefined : check(request, match, fault);
      const status = isSilent(fault) ? 0 : (checked?.answer.status ?? 0);
      const bucket = checked?.bucket ?? '';
      requestLog.add({ atMs, route, path: request.path, bucket, status, fault: fault?.kind ?? '', traceId });
      return toReply(checked, fault, traceId);
    });
  }

  return { answerCall };
}

type Asked = {
  readonly request: RawRequest;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly token: Token;
  readonly nowMs: number;
  readonly fault: Fault | undefined;
};

function isSilent(fault: Fault | undefined): boolean {
  return fault !== undefined && ['hang', 'hang-after', 'reset-before', 'reset-after'].includes(fault.kind);
}

function toReply(checked: Checked | undefined, fault: Fault | undefined, traceId: string): Reply {
  const isHanging = fault?.kind === 'hang' || fault?.kind === 'hang-after';
  const delayMs = fault?.kind === 'slow' ? fault.delayMs : 0;
  if (checked === undefined || isSilent(fault)) return { answer: undefined, headers: {}, isHanging, delayMs };
  const { status, json } = checked.answer;
  return { answer: { status, json: { ...json, traceId } }, headers: checked.headers, isHanging, delayMs };
}

function readBearer({ headers }: RawRequest): string {
  return /^Bearer (\S+)$/i.exec(String(headers['authorization'] ?? ''))?.[1] ?? '';
}

function refuseHeaders({ headers, body }: RawRequest, { version, bodyKind = 'json', body: schema }: Route) {
  if (version !== null) {
    const given = headers['version'];
    if (given === undefined || given === '') return unauthorized('version header was not found.');
    if (given !== version) return unauthorized('version header is invalid.');
  }
  const type = String(headers['content-type'] ?? '');
  const wanted = bodyKind === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  if (schema !== undefined && body !== '' && !type.toLowerCase().startsWith(wanted)) {
    return unprocessable([`Content-Type must be ${wanted}`]);
  }
  return undefined;
}

/** The request as its route's schemas read it, about a sub-account that the token has access to. */
function readCall(services: Services, { request, route, params, token, nowMs, fault }: Asked): Result<Call, Answer> {
  const body = readBody(request, route);
  if (!body.ok) return body;
  const query = Object.fromEntries(request.query);
  const parsedBody = route.body?.safeParse(body.value);
  const parsedQuery = route.query?.safeParse(query);
  const issues = [parsedQuery, parsedBody].flatMap((parsed) => (parsed?.error ? describeIssues(parsed.error) : []));
  if (issues.length > 0) return err(unprocessable(issues));
  const asked = findLocationId(params, query, body.value);
  if (asked !== undefined && route.security.length > 0 && !hasAccess(services, token, asked)) return err(noAccess);
  return ok({
    param: (name) => readParam(params, name),
    query: (parsedQuery?.data ?? query) as Call['query'],
    body: parsedBody?.data,
    token,
    locationId: token.locationId ?? asked ?? '',
    nowMs,
    visibleUntilMs: fault?.kind === 'search-lag' ? nowMs - fault.lagMs : nowMs,
  });
}

function readBody({ body }: RawRequest, { bodyKind = 'json', body: schema }: Route): Result<unknown, Answer> {
  if (schema === undefined) return ok(undefined);
  if (bodyKind === 'form') return ok(Object.fromEntries(new URLSearchParams(body)));
  try {
    return ok(body === '' ? {} : JSON.parse(body));
  } catch {
    return err(unprocessable(['the body is not JSON']));
  }
}

/** Where HighLevel's calls name the sub-account: in the path, the query (in either spelling) or the body. */
function findLocationId(params: Record<string, string>, query: Record<string, string>, body: unknown) {
  const named = params['locationId'] ?? query['locationId'] ?? query['location_id'];
  if (named !== undefined) return named;
  const isObject = typeof body === 'object' && body !== null && 'locationId' in body;
  return isObject && typeof body.locationId === 'string' ? body.locationId : undefined;
}

/** An unknown sub-account is its route's to answer, when an agency asks; a sub-account may ask about itself alone. */
function hasAccess(services: Services, token: Token, locationId: string): boolean {
  if (token.locationId !== undefined) return token.locationId === locationId;
  const location = readLocation(services.store, locationId);
  return location === undefined || location.companyId === token.companyId;
}

function readParam(params: Readonly<Record<string, string>>, name: string): string {
  const value = params[name];
  if (value === undefined) throw new Error(`the route has no :${name}`);
  return value;
}

const faultWords: Readonly<Record<number, string>> = {
  401: 'Invalid token: access token is invalid',
  403: 'The token does not have access to this location.',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

function describeFault(statusCode: number): Answer {
  const words = faultWords[statusCode] ?? (statusCode >= 500 ? 'Internal server error' : 'Bad Request');
  return { status: statusCode, json: { statusCode, message: statusCode === 422 ? [words] : words } };
}
