// What a person does once for a real agency: begins to connect the app, says yes on HighLevel's page (here the sandbox's), for future
// sub-accounts too, and comes back.
import * as z from 'zod';

const TIMEOUT_MS = 20_000;

const statusSchema = z.object({ connection: z.string() });
const startSchema = z.object({ authorizeUrl: z.url() });

/** Answers whether it had to; throws when the sandbox or the router refuses. */
export async function connectHighlevel({ edge, apiKey }: { edge: string; apiKey: string }): Promise<boolean> {
  const ask = async (method: string, path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${edge}${path}`, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const { connection } = statusSchema.parse(await ask('GET', '/v1/highlevel/status'));
  if (connection === 'connected') return false;
  const { authorizeUrl } = startSchema.parse(await ask('POST', '/v1/highlevel/connect'));
  const approved = await fetch(authorizeUrl, {
    method: 'POST',
    body: new URLSearchParams({ future: 'yes' }),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const back = approved.headers.get('location');
  if (back === null) throw new Error(`the sandbox did not let the app in: ${approved.status}`);
  const finished = await fetch(back, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!finished.ok) throw new Error(`the router did not take the connection: ${await finished.text()}`);
  return true;
}
