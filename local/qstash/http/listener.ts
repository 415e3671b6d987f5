import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { fail } from './respond.ts';
import { findRoute, type ApiRequest, type ApiResponse, type Route } from './router.ts';

const MAX_MESSAGE_BYTES = 10_485_760;
const MAX_BATCH_BYTES = 104_857_600;

/** Serves the routes over node:http: token first, then the body within its limit, then the route. */
export function createListener(routes: readonly Route[], token: string): RequestListener {
  return (request, response) => {
    answer(routes, token, request)
      .catch((cause: unknown): ApiResponse => {
        console.error('qstash:', cause);
        return fail(500, 'internal error');
      })
      .then((result) => write(response, result))
      .catch(() => response.destroy());
  };
}

async function answer(routes: readonly Route[], token: string, request: IncomingMessage): Promise<ApiResponse> {
  const url = request.url ?? '/';
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
  if (readToken(request, query) !== token) return fail(401, 'unable to authenticate: invalid token');
  const match = findRoute(routes, request.method ?? '', url);
  if (match === undefined) return fail(404, 'not found');
  const body = await readBody(request, url.startsWith('/v2/batch') ? MAX_BATCH_BYTES : MAX_MESSAGE_BYTES);
  if (body === undefined) return fail(413, 'maximum message size exceeded');
  const apiRequest: ApiRequest = {
    method: request.method ?? '',
    params: match.params,
    rest: match.rest,
    query,
    headers: readHeaders(request),
    body,
    callerIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  };
  return match.route.handle(apiRequest);
}

function readToken(request: IncomingMessage, query: URLSearchParams): string | null {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? query.get('qstash_token');
}

function readHeaders(request: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

/** Undefined when it is longer than allowed; the rest is then read and thrown away, so that the answer arrives. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks);
}

function write(response: ServerResponse, { status, json }: ApiResponse): void {
  const text = json === undefined ? '' : JSON.stringify(json);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
