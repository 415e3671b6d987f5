import * as z from 'zod';

/** An API key as the router needs it; the key itself is stored nowhere. */
export const apiKeySchema = z.object({
  id: z.string(),
  keyHash: z.string(),
  scopes: z.array(z.string()),
  /** Of the leads it may send; null: any. */
  sources: z.array(z.string()).nullable(),
  expiresAtMs: z.coerce.number().nullable(),
});

export type ApiKeyRow = z.output<typeof apiKeySchema>;
