import { sql } from 'drizzle-orm';
import * as z from 'zod';

/** A version of the rules; the document is the caller's to parse. A draft has no times. */
export const rulesRowSchema = z.object({
  version: z.number(),
  status: z.enum(['draft', 'published']),
  effectiveAt: z.string().nullable(),
  publishedAt: z.string().nullable(),
  document: z.unknown(),
});

export type RulesRow = z.output<typeof rulesRowSchema>;

/** The select list that `rulesRowSchema` parses, over `rules`. */
export const rulesColumns = sql.raw(`jsonb_build_object(
  'version', version, 'status', status, 'effectiveAt', effective_at, 'publishedAt', published_at,
  'document', document) as rules`);
