import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Result } from '../edge-router/src/rules/result.ts';
import { err, ok } from '../edge-router/src/rules/result.ts';
import { isAddressInUse, portTakenMessage } from './ports.ts';

/** Listens on 127.0.0.1 and answers the port: the given one, or a free one for 0. Throws one clear line when it is taken. */
export function listenOnLoopback(server: Server, { name, port }: { name: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(isAddressInUse(error) ? new Error(portTakenMessage({ name, port }), { cause: error }) : error);
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Stops listening and drops every connection, idle or not. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * The whole body as text. A body over the limit is read to its end but not kept, so that the caller can still answer it; the
 * error holds its size. Rejects when the client goes away.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Result<string, { sizeBytes: number }>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes) chunks.push(chunk);
    });
    request.on('end', () => resolve(sizeBytes <= maxBytes ? ok(joinText(chunks)) : err({ sizeBytes })));
    request.on('error', reject);
  });
}

function joinText(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only.toString('utf8') : Buffer.concat(chunks).toString('utf8');
}
