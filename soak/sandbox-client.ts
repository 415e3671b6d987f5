import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';

const TIMEOUT_MS = 20_000;
/** The export of a long soak is some hundred megabytes. */
const EXPORT_TIMEOUT_MS = 300_000;
const PATIENCE_MS = 120_000;
const RETRY_MS = 100;

const exportSchema = z.object({
  contacts: z.array(z.object({ id: z.string(), locationId: z.string(), email: z.string().optional() })),
  opportunities: z.array(z.object({ id: z.string(), contactId: z.string() })).default([]),
  enrolments: z.array(z.object({ contactId: z.string(), count: z.number() })).default([]),
});

export type SandboxExport = z.output<typeof exportSchema>;

export interface NewContact {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
  readonly postalCode: string;
}

export type SandboxClient = ReturnType<typeof createSandboxClient>;

/** What people and the brand's own tools do at HighLevel, here at the sandbox. */
export function createSandboxClient(url: string) {
  async function ask(path: string, init: RequestInit, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    const answer = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as unknown;
  }

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> =>
    ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  return {
    /** Sub-accounts with the app and the brand's snapshot. @returns their ids */
    seedLocations: async (locations: number): Promise<string[]> => {
      const answer = await post('/__sandbox/seed', { locations });
      return z.object({ locationIds: z.array(z.string()) }).parse(answer).locationIds;
    },
    issueLocationToken: async (locationId: string): Promise<string> =>
      z.object({ token: z.string() }).parse(await post('/__sandbox/tokens', { locationId })).token,
    /** Asks until it is made, also while HighLevel is away; the same person twice is one contact. @returns its id */
    makeContact: async (contact: NewContact, { token, locationId }: { token: string; locationId: string }) => {
      const headers = { authorization: `Bearer ${token}`, version: '2021-07-28' };
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        try {
          const answer = await post('/contacts/upsert', { locationId, ...contact }, headers);
          return z.object({ contact: z.object({ id: z.string() }) }).parse(answer).contact.id;
        } catch (error) {
          if (Date.now() >= deadline) throw error;
        }
        await delay(RETRY_MS);
      }
    },
    readAll: async (): Promise<SandboxExport> =>
      exportSchema.parse(await ask('/__sandbox/export', { method: 'GET' }, EXPORT_TIMEOUT_MS)),
  };
}
