import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { mappingColumns, mappingRowSchema, type MappingRow } from './mapping-row.ts';
import { readRows } from './read-rows.ts';

/** Creates the mapping of this name, or replaces it. */
export async function saveMapping(
  database: Database,
  { name, columns, emailRule }: Pick<MappingRow, 'name' | 'columns' | 'emailRule'>,
): Promise<MappingRow> {
  const statement = sql`
    insert into onboarding_mappings as m (name, columns, email_rule)
    values (${name}, ${JSON.stringify(columns)}::jsonb, ${emailRule})
    on conflict (name) do update set columns = excluded.columns, email_rule = excluded.email_rule, updated_at = now()
    returning ${mappingColumns}`;
  const [saved] = await readRows(database, statement, z.object({ mapping: mappingRowSchema }));
  if (!saved) throw new Error('saving a mapping answered nothing');
  return saved.mapping;
}
