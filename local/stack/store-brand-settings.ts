// What a brand decides once before its first location is brought on; here it is the sandbox's brand.
import { z } from 'zod';
import { exampleSettings } from '../demo/onboarding-settings.ts';

const TIMEOUT_MS = 20_000;
const PATH = '/v1/onboarding/settings';

/** Stores them where there are none, so that a person's own stay. Answers whether it had to. */
export async function storeBrandSettings({ edge, apiKey }: { edge: string; apiKey: string }): Promise<boolean> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const ask = (init: RequestInit) =>
    fetch(`${edge}${PATH}`, { ...init, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const found = await ask({ method: 'GET' });
  const text = await found.text();
  if (found.ok) return false;
  if (found.status !== 404) throw new Error(`GET ${PATH} answered ${found.status}: ${text}`);
  const stored = await ask({ method: 'PUT', body: JSON.stringify(exampleSettings) });
  if (!stored.ok) throw new Error(`PUT ${PATH} answered ${stored.status}: ${await stored.text()}`);
  z.object({ version: z.number() }).parse(await stored.json());
  return true;
}
