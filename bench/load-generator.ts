// A process of its own, so that making load and measuring it does not share a thread with anything that is measured.
import { createSigner, SIGNATURE_HEADER } from '../local/highlevel/webhooks/signing.ts';
import { openConnection, type HttpConnection } from './http-connection.ts';
import { makeRequest, type Samples, type ScenarioName } from './scenarios.ts';

export interface LoadOrder {
  readonly scenario: ScenarioName;
  readonly port: number;
  readonly apiKey: string;
  /** HighLevel's, for webhooks: PKCS #8 in base64. */
  readonly signingKey: string;
  readonly clients: number;
  readonly durationMs: number;
  /** Requests are numbered from here. */
  readonly firstNumber: number;
  /** Sent when they change; the last ones are kept. */
  readonly samples?: Samples;
}

export interface LoadReport {
  readonly latenciesMicros: readonly number[];
  readonly elapsedMs: number;
  /** How many answers had each status; 0 counts broken connections. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** More than a Worker takes here; past it they are signed as they go. */
const SIGNED_AHEAD_PER_MS = 4;

let samples: Samples = { places: [], decisions: [] };

process.on('message', (order: LoadOrder) => {
  samples = order.samples ?? samples;
  void makeLoad(order).then((report) => process.send?.(report));
});

async function makeLoad(order: LoadOrder): Promise<LoadReport> {
  const latenciesMicros: number[] = [];
  const statuses: Record<string, number> = {};
  const connections = await Promise.all(Array.from({ length: order.clients }, () => openConnection(order.port)));
  const ahead = signAhead(order);
  let number = order.firstNumber + ahead.length;
  const startedMs = performance.now();
  const runClient = async (connection: HttpConnection): Promise<void> => {
    while (performance.now() - startedMs < order.durationMs) {
      const text = ahead.pop() ?? writeRequest(order, number++);
      const sentMs = performance.now();
      const status = await connection.send(text).catch(() => 0);
      latenciesMicros.push((performance.now() - sentMs) * 1000);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 0) return;
    }
  };
  await Promise.all(connections.map(runClient));
  const elapsedMs = performance.now() - startedMs;
  for (const connection of connections) connection.close();
  return { latenciesMicros, elapsedMs, statuses };
}

/** Last first. Signing costs this process more than everything else it does for a webhook: it happens before the clock runs. */
function signAhead(order: LoadOrder): string[] {
  if (order.scenario !== 'webhook') return [];
  const count = Math.ceil(order.durationMs * SIGNED_AHEAD_PER_MS);
  return Array.from({ length: count }, (_, index) => writeRequest(order, order.firstNumber + count - 1 - index));
}

let signer: { readonly key: string; readonly sign: ReturnType<typeof createSigner> } | null = null;

function findSigner(key: string): ReturnType<typeof createSigner> {
  if (signer?.key !== key) signer = { key, sign: createSigner(key) };
  return signer.sign;
}

/** Bodies are ASCII, so their length in characters is their length in bytes. */
function writeRequest({ scenario, port, apiKey, signingKey }: LoadOrder, number: number): string {
  const { method, path, body } = makeRequest(scenario, number, samples);
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${apiKey}\r\n`;
  if (method === 'GET') return `${head}\r\n`;
  const signature =
    scenario === 'webhook' ? `${SIGNATURE_HEADER}: ${findSigner(signingKey)(Buffer.from(body))}\r\n` : '';
  return `${head}${signature}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
