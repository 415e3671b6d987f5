import { createServer, type IncomingMessage } from 'node:http';
import { closeServer, listenOnLoopback } from '../../http-server.ts';

export type Delivery = {
  readonly method: string;
  /** With its query, as it was asked for. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bytes: Buffer;
  readonly atMs: number;
};

type Reply = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** A destination that remembers what it was sent and answers as told; 200 until told otherwise. */
export async function startReceiver() {
  const deliveries: Delivery[] = [];
  const waiting = new Set<() => void>();
  let reply: (delivery: Delivery) => Reply | Promise<Reply> = () => ({ status: 200 });
  let underWay = 0;
  let mostAtOnce = 0;

  const server = createServer((request, response) => {
    void (async () => {
      mostAtOnce = Math.max(mostAtOnce, ++underWay);
      const delivery = await readDelivery(request);
      deliveries.push(delivery);
      for (const check of waiting) check();
      const { status, headers = {}, body = '' } = await reply(delivery);
      underWay--;
      response.writeHead(status, headers).end(body);
    })();
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server, { name: 'receiver', port: 0 })}`;

  /** Resolves with the deliveries to `path` (all when absent) once there are `count` of them. */
  function waitFor(count: number, path?: string): Promise<Delivery[]> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = deliveries.filter((delivery) => path === undefined || delivery.path === path);
        if (found.length < count) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  }

  return {
    url,
    deliveries,
    waitFor,
    answer: (next: typeof reply): void => {
      reply = next;
    },
    mostAtOnce: (): number => mostAtOnce,
    stop: (): Promise<void> => closeServer(server),
  };
}

async function readDelivery(request: IncomingMessage): Promise<Delivery> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const { method = '', url: path = '' } = request;
  return { method, path, headers, body: bytes.toString('utf8'), bytes, atMs: Date.now() };
}
