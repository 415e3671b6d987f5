import * as z from 'zod';

/** An API key as the router needs it; the key itself is stored nowhere. */
export const apiKeySchema = z.object({
  id: z.string(),
  keyHash: z.string(),
  scopes: z.array(z.string()),
  expiresAtMs: z.coerce.number().nullable(),
});

export type ApiKeyRow = z.output<typeof apiKeySchema>;
