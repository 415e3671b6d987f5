// What the nodes speak to in these tests: the real router over a real Postgres, and servers that misbehave on purpose.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeServer, listenOnLoopback } from '../../../local/http-server.ts';
import { createTestDatabase } from '../../../local/testing/test-database.ts';
import { createTestRouter, type TestRouter } from '../../../edge-router/src/testing/test-router.ts';
import type { Credentials } from './engine.mts';

export interface ServedRouter {
  readonly router: TestRouter;
  readonly credentials: Credentials;
  readonly stop: () => Promise<void>;
}

/** The whole router on a loopback port. */
export async function serveRouter(options: { allowPrivateTargets?: boolean } = {}): Promise<ServedRouter> {
  const database = await createTestDatabase();
  const router = await createTestRouter({ database, ...options });
  const { baseUrl, stop: stopServing } = await serveApp(router);
  const stop = async () => {
    await stopServing();
    await router.settle();
    await database.drop();
  };
  return { router, credentials: { baseUrl, apiKey: router.apiKey }, stop };
}

/** A router that a test has made, on a loopback port. */
export async function serveApp(router: TestRouter): Promise<{ baseUrl: string; stop: () => Promise<void> }> {
  const { server, baseUrl } = await serve((request, response) => void forward(router, request, response));
  return { baseUrl, stop: () => closeServer(server) };
}

async function forward(router: TestRouter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const init = { method: request.method ?? 'GET', headers, ...(body.length > 0 ? { body } : {}) };
  const answer = await router.fetch(new Request(`https://router.test${request.url ?? '/'}`, init));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** How long to let the caller wait. */
  readonly afterMs?: number;
}

export interface OddServer {
  readonly baseUrl: string;
  readonly asked: AskedRequest[];
  readonly stop: () => Promise<void>;
}

/** Answers what it is told to. It stands for a router in a state that the real one cannot be put into from outside. */
export async function serveOddly(answer: (request: AskedRequest, nth: number) => Answer): Promise<OddServer> {
  const asked: AskedRequest[] = [];
  const { server, baseUrl } = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const told = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    asked.push(told);
    const { status, headers, body: answered, afterMs = 0 } = answer(told, asked.length);
    setTimeout(() => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof answered === 'string' ? answered : JSON.stringify(answered ?? {}));
    }, afterMs);
  });
  return { baseUrl, asked, stop: () => closeServer(server) };
}

async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<{ server: Server; baseUrl: string }> {
  const server = createServer((request, response) => void listener(request, response));
  const port = await listenOnLoopback(server, { name: 'test', port: 0 });
  return { server, baseUrl: `http://127.0.0.1:${port}` };
}
