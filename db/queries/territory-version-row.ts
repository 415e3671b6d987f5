import { sql } from 'drizzle-orm';
import * as z from 'zod';

/** A version of the territories, without its rows. A draft has no times. */
export const territoryVersionSchema = z.object({
  version: z.int(),
  status: z.enum(['draft', 'published']),
  /** How many rows it has. */
  total: z.int(),
  /** The version whose rows it has anew; null where they are its own. */
  restores: z.int().nullable(),
  createdAt: z.string(),
  effectiveAt: z.string().nullable(),
  publishedAt: z.string().nullable(),
  /** Made by the import; the caller's to parse. */
  report: z.unknown(),
});

export type TerritoryVersionRow = z.output<typeof territoryVersionSchema>;

/** The select list that `territoryVersionSchema` parses, over `territory_versions`. */
export const territoryVersionColumns = sql.raw(`jsonb_build_object(
  'version', version, 'status', status, 'total', total, 'restores', nullif(rows_version, version),
  'createdAt', created_at, 'effectiveAt', effective_at, 'publishedAt', published_at, 'report', report) as found`);
