import { inject } from 'vitest';
import { z } from 'zod';

export const e2eStackSchema = z.object({
  edge: z.url(),
  apiKey: z.string(),
  highlevel: z.url(),
  n8n: z.url(),
  n8nEmail: z.string(),
  n8nPassword: z.string(),
});

export type E2eStack = z.output<typeof e2eStackSchema>;

const TIMEOUT_MS = 30_000;

/** Asks the router as an API client does; throws what it refused. */
export async function askRouter<S extends z.ZodType>(
  { method = 'GET', path, body }: { method?: string; path: string; body?: unknown },
  schema: S,
): Promise<z.output<S>> {
  const { edge, apiKey } = inject('e2eStack');
  return schema.parse(await ask(`${edge}${path}`, { method, body, headers: { authorization: `Bearer ${apiKey}` } }));
}

/** Asks the HighLevel sandbox about itself, under `/__sandbox`. */
export async function askSandbox<S extends z.ZodType>(
  { method = 'GET', path, body }: { method?: string; path: string; body?: unknown },
  schema: S,
): Promise<z.output<S>> {
  return schema.parse(await ask(`${inject('e2eStack').highlevel}/__sandbox${path}`, { method, body, headers: {} }));
}

async function ask(
  url: string,
  { method, body, headers }: { method: string; body: unknown; headers: Record<string, string> },
): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text}`);
  return text === '' ? null : (JSON.parse(text) as unknown);
}

const locationsSchema = z.object({
  items: z.array(z.object({ id: z.string(), franchiseCode: z.string(), active: z.boolean() })),
  nextCursor: z.string().nullable(),
});

/** Franchise codes of the locations that take leads. */
export async function listActiveLocations(): Promise<string[]> {
  const codes: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: z.output<typeof locationsSchema> = await askRouter(
      { path: `/v1/locations?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}` },
      locationsSchema,
    );
    codes.push(...page.items.filter(({ active }) => active).map(({ franchiseCode }) => franchiseCode));
    cursor = page.nextCursor;
  }
  return codes;
}
