import { Client } from '@upstash/qstash';
import { startQstash } from '../server.ts';
import { startReceiver } from './receiver.ts';

export const TOKEN = 'local-token';
export const CURRENT_SIGNING_KEY = 'sig_current';
export const NEXT_SIGNING_KEY = 'sig_next';

type State = { readonly pending: number; readonly inFlight: number; readonly deadLetters: number };

export type TestQstash = Awaited<ReturnType<typeof startTestQstash>>;

/** A stand-in in this process with its vendor's client and a destination; the default scale makes 12 s last 12 ms. */
export async function startTestQstash({ timeScale = 1_000, file = ':memory:' } = {}) {
  const receiver = await startReceiver();
  const qstash = await startQstash({
    port: 0,
    file,
    token: TOKEN,
    currentSigningKey: CURRENT_SIGNING_KEY,
    nextSigningKey: NEXT_SIGNING_KEY,
    timeScale,
  });

  /** A plain call with the token, for what the SDK does not offer. */
  function call(method: string, path: string, init: { headers?: Record<string, string>; body?: string } = {}) {
    const headers = { authorization: `Bearer ${TOKEN}`, ...init.headers };
    return fetch(`${qstash.url}${path}`, { method, headers, body: init.body ?? null });
  }

  return {
    url: qstash.url,
    client: createTestClient(qstash.url),
    receiver,
    call,
    control: async (path: string): Promise<void> => {
      const response = await call('POST', `/__test/${path}`);
      if (!response.ok) throw new Error(`/__test/${path} answered ${response.status}: ${await response.text()}`);
    },
    readState: async (): Promise<State> => (await (await call('GET', '/__test/state')).json()) as State,
    stop: async (): Promise<void> => {
      await qstash.stop();
      await receiver.stop();
    },
  };
}

export function createTestClient(baseUrl: string, token = TOKEN): Client {
  return new Client({ baseUrl, token, retry: false, enableTelemetry: false });
}
