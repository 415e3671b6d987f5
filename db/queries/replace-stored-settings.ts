import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';
import { storedSettingsSchema, type SettingsTable, type StoredSettings } from './read-stored-settings.ts';

/** Stores the settings; the version grows when they differ. */
export async function replaceStoredSettings(
  database: Database,
  table: SettingsTable,
  document: unknown,
): Promise<StoredSettings> {
  const text = JSON.stringify(document);
  const statement = sql`
    insert into ${sql.identifier(table)} as s (document) values (${text}::jsonb)
    on conflict (only_row) do update set document = excluded.document,
      version = s.version + (s.document <> excluded.document)::int,
      updated_at = case when s.document <> excluded.document then now() else s.updated_at end
    returning version, document, to_json(updated_at) #>> '{}' as "updatedAt"`;
  const [stored] = await readRows(database, statement, storedSettingsSchema);
  if (!stored) throw new Error('an upsert answered no row');
  return stored;
}
