// A local stand-in for Upstash Redis's REST API in front of a real Redis: commands in the body or the path, /pipeline, /multi-exec,
// base64 answers, read-only tokens, scripts with allow-key-locking. It has no /subscribe and /monitor streams, no RESP2 answers, no
// per-user tokens and no JSON or search commands. https://upstash.com/docs/redis/features/restapi
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeServer, listenOnLoopback, readBody } from '../http-server.ts';
import { toJsonAnswer } from './answers.ts';
import { createKeyLocking } from './key-locking.ts';
import { createReadOnlyCheck } from './read-only.ts';
import { parseRestRequest } from './requests.ts';
import { createRespConnection } from './resp-connection.ts';
import type { Address } from './resp-connection.ts';
import { createRunner } from './run-request.ts';
import type { Access, Replies, Runner } from './run-request.ts';

const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT']);

export type UpstashRedisServer = { url: string; port: number; stop: () => Promise<void> };
type Tokens = { token: string; readOnlyToken: string };
type Answer = { status: number; body: unknown };

/**
 * Starts the stand-in on 127.0.0.1 (`port` 0 takes a free one) in front of the Redis at `redis`, which may be down or restart: requests
 * get status 503 meanwhile. Throws when the port is taken.
 */
export async function startUpstashRedis(
  options: { port: number; redis: Address } & Tokens,
): Promise<UpstashRedisServer> {
  const connection = createRespConnection(options.redis);
  const run = createRunner(connection, createKeyLocking(), createReadOnlyCheck(connection));
  let answered = 0;
  const server = createServer((request, response) => {
    answer(request, { run, tokens: options })
      .catch((error: unknown) => refuse(500, `ERR ${String(error)}`))
      // The client sends the last sync token back with its next request; only its being new each time matters here.
      .then((answer) => send(response, answer, `local-${(answered += 1)}`))
      .catch(() => response.destroy());
  });
  const port = await listenOnLoopback(server, { name: 'upstashRedis', port: options.port });
  const stop = async () => {
    await closeServer(server);
    connection.close();
  };
  return { url: `http://127.0.0.1:${port}`, port, stop };
}

async function answer(request: IncomingMessage, { run, tokens }: { run: Runner; tokens: Tokens }): Promise<Answer> {
  const body = await readBody(request, MAX_REQUEST_BYTES);
  if (!METHODS.has(request.method ?? '')) return refuse(405, 'ERR Method Not Allowed');
  const url = new URL(`http://127.0.0.1${request.url}`);
  const access = findAccess(request, url, tokens);
  if (access === null) return refuse(401, 'WRONGPASS invalid or missing auth token');
  if (!body.ok) {
    return refuse(
      413,
      `ERR max request size exceeded. Limit: ${MAX_REQUEST_BYTES} bytes, Actual: ${body.error.sizeBytes} bytes`,
    );
  }

  const restRequest = parseRestRequest(url, body.value);
  if (!restRequest.ok) return refuse(400, restRequest.error);
  const ran = await run(restRequest.value, access);
  if (!ran.ok) return refuse(ran.error.kind === 'refused' ? 400 : 503, ran.error.message);
  return toAnswer(ran.value, request.headers['upstash-encoding'] === 'base64');
}

function findAccess(request: IncomingMessage, url: URL, { token, readOnlyToken }: Tokens): Access | null {
  const given = request.headers.authorization?.replace(/^Bearer /i, '') ?? url.searchParams.get('_token');
  if (given === token) return 'full';
  return given === readOnlyToken ? 'read-only' : null;
}

function toAnswer(replies: Replies, base64: boolean): Answer {
  if (replies.kind === 'many')
    return { status: 200, body: replies.replies.map((reply) => toJsonAnswer(reply, base64)) };
  const body = toJsonAnswer(replies.reply, base64);
  return { status: 'error' in body ? 400 : 200, body };
}

function refuse(status: number, error: string): Answer {
  return { status, body: { error } };
}

function send(response: ServerResponse, { status, body }: Answer, syncToken: string): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'upstash-sync-token': syncToken,
  });
  response.end(text);
}
