import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { closeServer, listenOnLoopback } from '../../http-server.ts';
import { createRequestSender } from './send-request.ts';

const sender = createRequestSender();
const servers: Server[] = [];

async function listen(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  return `http://127.0.0.1:${await listenOnLoopback(server, { name: 'destination', port: 0 })}/`;
}

function send(url: string, overrides: { method?: string; body?: string; timeoutMs?: number } = {}) {
  const { method = 'POST', body = '', timeoutMs = 5_000 } = overrides;
  return sender.send({ url, method, headers: { 'X-One': '1' }, body: Buffer.from(body), timeoutMs });
}

afterEach(async () => {
  sender.close();
  await Promise.all(servers.splice(0).map(closeServer));
});

describe('an outgoing request', () => {
  it('brings the bytes there and the answer back', async () => {
    const url = await listen((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        response.writeHead(201, { 'x-ratelimit-reset': '5' });
        response.end(`${request.method} ${String(request.headers['x-one'])} ${body}`);
      });
    });
    const answer = await send(url, { method: 'PUT', body: 'grüße' });
    expect(answer).toMatchObject({ status: 201, error: undefined });
    expect(answer.body.toString()).toBe('PUT 1 grüße');
    expect(answer.headers['X-Ratelimit-Reset']).toEqual(['5']);
  });

  it('follows no redirect', async () => {
    const url = await listen((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await send(url)).toMatchObject({ status: 302, headers: { Location: ['/elsewhere'] } });
  });

  it('gives up when the time is over, before or during the answer', async () => {
    const silent = await listen(() => undefined);
    const halting = await listen((_, response) => response.write('started'));
    expect(await send(silent, { timeoutMs: 30 })).toMatchObject({ status: 0, error: 'no answer within 30 ms' });
    expect(await send(halting, { timeoutMs: 30 })).toMatchObject({ status: 0 });
  });

  it('reports an unreachable destination, a dropped connection and a header that cannot be sent', async () => {
    const dropping = await listen((request) => request.socket.destroy());
    const headers = { 'X-Bad': 'line\nbreak' };
    expect(await send('http://127.0.0.1:1/')).toMatchObject({
      status: 0,
      error: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(await send(dropping)).toMatchObject({ status: 0, error: expect.stringMatching(/hang up|ECONNRESET/) });
    expect(
      await sender.send({ url: dropping, method: 'POST', headers, body: Buffer.alloc(0), timeoutMs: 1_000 }),
    ).toMatchObject({ status: 0, error: expect.stringMatching(/Invalid character/) });
  });

  it('keeps a bounded part of a long answer', async () => {
    const url = await listen((_, response) => response.end(Buffer.alloc(3_000_000)));
    expect((await send(url)).body).toHaveLength(1_048_576);
  });
});
