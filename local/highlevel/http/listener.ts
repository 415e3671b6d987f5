import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readBody } from '../../http-server.ts';
import type { RawRequest, Reply } from './answer-call.ts';

const MAX_BODY_BYTES = 1_048_576;

/** What people and tests ask of the sandbox itself; undefined: not one of its pages. */
export type PageAnswerer = (request: RawRequest) => Page | undefined;

export type Page = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

type Parts = {
  readonly answerPage: PageAnswerer;
  readonly answerCall: (request: RawRequest) => Reply;
  /** Sees each exchange of the API as it went over the wire. For contract tests. */
  readonly onExchange?: ((request: RawRequest, reply: Reply) => void) | undefined;
};

/** Serves the sandbox's own pages and HighLevel's API over node:http. */
export function createListener(parts: Parts): RequestListener {
  return (request, response) => {
    serve(parts, request, response).catch((cause: unknown) => {
      // A client that has gone away is its own affair.
      if (request.socket.destroyed) return;
      console.error('highlevel:', cause);
      write(response, {
        status: 500,
        headers: {},
        body: JSON.stringify({ statusCode: 500, message: 'Internal server error' }),
      });
    });
  };
}

async function serve(parts: Parts, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(incoming, MAX_BODY_BYTES);
  if (!body.ok) return write(response, { status: 413, headers: {}, body: '{"statusCode":413,"message":"Too large"}' });
  const [path, query] = splitOnce(incoming.url ?? '/', '?');
  const { method = 'GET', headers } = incoming;
  const request = { method, path, query: new URLSearchParams(query), headers, body: body.value };
  const page = parts.answerPage(request);
  if (page !== undefined) return write(response, page);
  const reply = parts.answerCall(request);
  parts.onExchange?.(request, reply);
  await send(incoming, response, reply);
}

async function send(incoming: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const { answer, headers, isHanging, delayMs } = reply;
  if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
  if (isHanging) return;
  if (answer === undefined) return void incoming.socket.resetAndDestroy();
  write(response, { status: answer.status, headers, body: JSON.stringify(answer.json) });
}

function write(response: ServerResponse, { status, headers, body }: Page): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    ...headers,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
