import { Hono } from 'hono';
import * as z from 'zod';
import type { createScopeGuard } from './api-key.ts';
import type { AppEnv } from './app-env.ts';

export const meSchema = z.object({
  apiKeyId: z.string(),
  scopes: z.array(z.string()).describe('`*` is all of them'),
  sources: z.array(z.string()).nullable().describe('whose leads it may send; null: any'),
  expiresAt: z.string().nullable(),
});

/** `GET /v1/me`: what the key may do that asks, so that a client can check its key without touching anything. */
export function createMeRoutes({ requireScope }: { requireScope: ReturnType<typeof createScopeGuard> }): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/', requireScope('any'), (c) => {
    const { id, scopes, sources, expiresAtMs } = c.var.apiKey;
    const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
    return c.json({ apiKeyId: id, scopes: [...scopes], sources: sources && [...sources], expiresAt } satisfies z.output<
      typeof meSchema
    >);
  });
}
