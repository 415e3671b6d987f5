import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const versionSchema = z.object({
  version: z.number(),
  rowsVersion: z.number(),
  effectiveAtMs: z.coerce.number(),
});

/** The published version in effect at `now` (ISO 8601), if any, and those to come, in the order in which they take effect. */
export function readTerritoryVersions(database: Database, now: string): Promise<z.output<typeof versionSchema>[]> {
  const statement = sql`
    select version, rows_version as "rowsVersion", ceil(extract(epoch from effective_at) * 1000) as "effectiveAtMs"
    from territory_versions
    where status = 'published' and (effective_at, version) >= coalesce((
      select (effective_at, version) from territory_versions
      where status = 'published' and effective_at <= ${now}::timestamptz
      order by effective_at desc, version desc limit 1), ('-infinity'::timestamptz, 0))
    order by effective_at, version`;
  return readRows(database, statement, versionSchema);
}
