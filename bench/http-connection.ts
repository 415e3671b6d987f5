// Just enough of an HTTP/1.1 client to measure with: one kept-alive connection, one request at a time, bodies by Content-Length or
// chunked (RFC 9112). A full client would spend more of a shared core than the Worker it measures.
import { connect, type Socket } from 'node:net';

const ANSWER_TIMEOUT_MS = 20_000;

export interface HttpConnection {
  /** @returns the status; rejects when the connection ends or nothing comes for 20 s */
  readonly send: (requestText: string) => Promise<number>;
  readonly close: () => void;
}

export async function openConnection(port: number): Promise<HttpConnection> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.setTimeout(ANSWER_TIMEOUT_MS);
  return { send: createSender(socket), close: () => socket.destroy() };
}

function createSender(socket: Socket): HttpConnection['send'] {
  let received = '';
  let waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | null = null;
  const fail = (error: Error): void => {
    waiting?.reject(error);
    waiting = null;
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('The server closed the connection.')));
  socket.on('timeout', () => socket.destroy(new Error('No answer in time.')));
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    const status = readStatusOfWhole(received);
    if (status === null) return;
    received = '';
    const { resolve } = waiting ?? {};
    waiting = null;
    resolve?.(status);
  });
  return (requestText) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      socket.write(requestText);
    });
}

/** The status once the answer is there in full, null before. */
export function readStatusOfWhole(received: string): number | null {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = received.slice(0, headEnd);
  const contentLength = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isWhole =
    contentLength === undefined
      ? received.endsWith('\r\n0\r\n\r\n')
      : received.length >= headEnd + 4 + Number(contentLength);
  return isWhole ? Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3)) : null;
}
