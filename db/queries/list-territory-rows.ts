import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** A row of a version, as its file had it. */
export const territoryRowSchema = z.object({
  row: z.int(),
  kind: z.enum(['zip', 'zip_range', 'city', 'county', 'state']),
  value: z.string(),
  locationId: z.string(),
  franchiseCode: z.string(),
  exclusive: z.boolean(),
  /** Null for open ends; both days are in it. */
  firstDay: z.string().nullable(),
  lastDay: z.string().nullable(),
});

export type ListedTerritory = z.output<typeof territoryRowSchema>;

/** Over `territories t` and `location_keys k`. */
export const territoryRowColumns = sql.raw(`jsonb_build_object(
  'row', t.row, 'kind', t.kind, 'value', t.value, 'locationId', t.location_id, 'franchiseCode', k.franchise_code,
  'exclusive', t.exclusive, 'firstDay', t.effective_from, 'lastDay', t.effective_to - 1) as found`);

/** A page of a version's rows in the order of its file; `cursor` is the last row of the page before. */
export async function listTerritoryRows(
  database: Database,
  { version, limit, cursor }: { version: number; limit: number; cursor: number },
): Promise<{ readonly items: readonly ListedTerritory[]; readonly nextCursor: number | null }> {
  const statement = sql`
    select ${territoryRowColumns}
    from territories t join location_keys k on k.id = t.location_id
    where t.version = (select rows_version from territory_versions where version = ${version}::int)
      and t.row > ${cursor}::int
    order by t.row limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ found: territoryRowSchema }));
  const items = rows.slice(0, limit).map((row) => row.found);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.row ?? null) : null };
}
