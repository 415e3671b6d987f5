import { sql } from 'drizzle-orm';
import * as z from 'zod';

export const sourceRowSchema = z.object({
  name: z.string(),
  kind: z.enum(['form', 'workflow']),
  /** Field of a lead by its path in the body. */
  mapping: z.record(z.string(), z.string()),
  enabled: z.boolean(),
  secretVersion: z.number(),
  createdAt: z.string(),
});
export type SourceRow = z.output<typeof sourceRowSchema>;

export const sourceColumns = sql`name, kind, mapping, enabled, secret_version as "secretVersion",
  to_json(created_at) #>> '{}' as "createdAt"`;
