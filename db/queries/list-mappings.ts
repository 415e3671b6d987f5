import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { mappingColumns, mappingRowSchema, type MappingRow } from './mapping-row.ts';
import { readRows } from './read-rows.ts';

/** Mappings by name; `cursor` is the last name of the page before. */
export async function listMappings(
  database: Database,
  { limit, cursor }: { limit: number; cursor: string | null },
): Promise<{ items: MappingRow[]; nextCursor: string | null }> {
  const statement = sql`
    select ${mappingColumns} from onboarding_mappings
    where ${cursor}::text is null or name > ${cursor}::text
    order by name limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ mapping: mappingRowSchema }));
  const items = rows.slice(0, limit).map(({ mapping }) => mapping);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
}
