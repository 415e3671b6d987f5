import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { sourceColumns, sourceRowSchema, type SourceRow } from './source-row.ts';

/** Stores a source under its name, or changes the one that is there. Null when there are `maxCount` others already. */
export async function saveSource(
  database: Database,
  source: Pick<SourceRow, 'name' | 'kind' | 'mapping' | 'enabled'> & { readonly maxCount: number },
): Promise<SourceRow | null> {
  const { name, kind, mapping, enabled, maxCount } = source;
  const statement = sql`
    insert into sources (name, kind, mapping, enabled)
    select ${name}::text, ${kind}::text, ${JSON.stringify(mapping)}::jsonb, ${enabled}::boolean
    where exists (select from sources where name = ${name}::text) or (select count(*) from sources) < ${maxCount}::integer
    on conflict (name) do update set kind = excluded.kind, mapping = excluded.mapping, enabled = excluded.enabled
    returning ${sourceColumns}`;
  const [saved] = await readRows(database, statement, sourceRowSchema);
  return saved ?? null;
}
