// A local stand-in for Neon's SQL over HTTP: POST /sql, one statement or a batch in one transaction, over a pool of connections to a
// real PostgreSQL. It never retries, never converts values (raw text output only), and does not speak the WebSocket protocol.
// What it follows: the client's src/httpQuery.ts in github.com/neondatabase/serverless, and the server's
// proxy/src/serverless in github.com/neondatabase/neon.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import pg from 'pg';
import { closeServer, listenOnLoopback, readBody } from '../http-server.ts';
import { errorBody } from './errors.ts';
import { execute } from './execute.ts';
import { createPools } from './pools.ts';
import type { Address, Pools } from './pools.ts';
import { parseSqlRequest } from './protocol.ts';

const MAX_REQUEST_BYTES = 64 * 1024 * 1024;
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** Batch settings come back on the answer. */
const ECHOED_HEADERS = ['neon-batch-isolation-level', 'neon-batch-read-only', 'neon-batch-deferrable'] as const;

export type NeonHttpServer = { endpoint: string; port: number; stop: () => Promise<void> };
type Answer = { status: number; body: string };

/**
 * Starts the stand-in on 127.0.0.1 (`port` 0 takes a free one) in front of the PostgreSQL at `postgres`; `endpoint` is what the driver's
 * fetchEndpoint takes. PostgreSQL may be down or restart: requests fail with status 500 meanwhile. Throws when the port is taken.
 */
export async function startNeonHttp(options: { port: number; postgres: Address }): Promise<NeonHttpServer> {
  const pools = createPools(options.postgres);
  const server = createServer((request, response) => {
    answer(request, pools)
      .catch((error: unknown) => toAnswer(500, errorBody(error)))
      .then((answered) => send(response, answered, request))
      .catch(() => response.destroy());
  });
  const port = await listenOnLoopback(server, { name: 'neonHttp', port: options.port });
  const stop = async () => {
    await closeServer(server);
    await pools.close();
  };
  return { endpoint: `http://127.0.0.1:${port}/sql`, port, stop };
}

async function answer(request: IncomingMessage, pools: Pools): Promise<Answer> {
  const body = await readBody(request, MAX_REQUEST_BYTES);
  if (request.method !== 'POST' || request.url !== '/sql') return refuse(404, 'not found');
  if (!body.ok) return refuse(413, `request is too large (max is ${MAX_REQUEST_BYTES} bytes)`);

  const connectionString = request.headers['neon-connection-string'];
  if (typeof connectionString !== 'string') return refuse(400, 'missing header: neon-connection-string');
  const pool = pools.find(connectionString);
  if (!pool.ok) return refuse(400, pool.error);
  const sqlRequest = parseSqlRequest(request.headers, body.value);
  if (!sqlRequest.ok) return refuse(400, sqlRequest.error);

  try {
    const answered = toAnswer(200, await execute(pool.value, sqlRequest.value));
    const isTooLarge = answered.body.length > MAX_RESPONSE_BYTES;
    return isTooLarge ? refuse(507, `response is too large (max is ${MAX_RESPONSE_BYTES} bytes)`) : answered;
  } catch (error) {
    // What PostgreSQL itself says, a refused password included, is the caller's affair; the rest is the connection's.
    return toAnswer(error instanceof pg.DatabaseError ? 400 : 500, errorBody(error));
  }
}

function refuse(status: number, message: string): Answer {
  return toAnswer(status, errorBody(new Error(message)));
}

function toAnswer(status: number, body: unknown): Answer {
  return { status, body: JSON.stringify(body) };
}

function send(response: ServerResponse, { status, body }: Answer, request: IncomingMessage): void {
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(body));
  for (const name of ECHOED_HEADERS) {
    const value = request.headers[name];
    if (status === 200 && value !== undefined) response.setHeader(name, value);
  }
  response.statusCode = status;
  response.end(body);
}
