import http from 'node:http';
import https from 'node:https';
import { groupRawHeaders } from '../protocol/header-names.ts';
import type { DeliveryResponse } from '../protocol/message.ts';

/** What is kept of an answer; the rest is read and thrown away. */
const MAX_RESPONSE_BYTES = 1_048_576;
/** Shorter than what common servers allow, so that no connection is used while its server is closing it. */
const IDLE_SOCKET_MS = 2_000;
const MAX_IDLE_SOCKETS = 100;

type OutgoingRequest = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** For the whole exchange, answer included. */
  readonly timeoutMs: number;
};

/** Sends without following redirects; what goes wrong on the way is an answer with status 0, never a throw. */
export function createRequestSender() {
  const options = { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, timeout: IDLE_SOCKET_MS };
  const agents = { http: new http.Agent(options), https: new https.Agent(options) };

  async function send(outgoing: OutgoingRequest): Promise<DeliveryResponse> {
    try {
      return await exchange(outgoing);
    } catch (cause) {
      return { status: 0, headers: {}, body: Buffer.alloc(0), error: describeCause(cause) };
    }
  }

  function exchange({ url, method, headers, body, timeoutMs }: OutgoingRequest): Promise<DeliveryResponse> {
    const isSecure = /^https:/i.test(url);
    const agent = isSecure ? agents.https : agents.http;
    return new Promise((resolve, reject) => {
      const settings = { method, headers: withLength(headers, body), agent };
      const request = (isSecure ? https : http).request(url, settings, (response) => {
        readAnswer(response).then(resolve, reject);
      });
      const deadline = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      request.once('close', () => clearTimeout(deadline));
      request.once('error', reject);
      request.end(body);
    });
  }

  return {
    send,
    close(): void {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function withLength(headers: Readonly<Record<string, string>>, body: Buffer): Record<string, string> {
  return body.length > 0 ? { ...headers, 'Content-Length': String(body.length) } : { ...headers };
}

async function readAnswer(response: http.IncomingMessage): Promise<DeliveryResponse> {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (keptBytes < MAX_RESPONSE_BYTES) chunks.push(chunk.subarray(0, MAX_RESPONSE_BYTES - keptBytes));
    keptBytes += chunk.length;
  }
  return {
    status: response.statusCode ?? 0,
    headers: groupRawHeaders(response.rawHeaders),
    body: Buffer.concat(chunks),
    error: undefined,
  };
}

function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message;
}
