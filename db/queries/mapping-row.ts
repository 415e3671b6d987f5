import { sql } from 'drizzle-orm';
import * as z from 'zod';

/** A saved mapping: heading of a brand's file -> standard heading. */
export const mappingRowSchema = z.object({
  name: z.string(),
  columns: z.record(z.string(), z.string()),
  emailRule: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export type MappingRow = z.output<typeof mappingRowSchema>;

/** The select list that `mappingRowSchema` parses, over `onboarding_mappings`. */
export const mappingColumns = sql.raw(`jsonb_build_object('name', name, 'columns', columns, 'emailRule', email_rule,
  'createdAt', created_at, 'updatedAt', updated_at) as mapping`);
