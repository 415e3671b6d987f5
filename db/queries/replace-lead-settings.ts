import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { storedSettingsSchema, type StoredSettings } from './read-onboarding-settings.ts';
import { readRows } from './read-rows.ts';

/** Stores the settings; the version grows when they differ. */
export async function replaceLeadSettings(database: Database, document: unknown): Promise<StoredSettings> {
  const text = JSON.stringify(document);
  const statement = sql`
    insert into lead_settings as s (document) values (${text}::jsonb)
    on conflict (only_row) do update set document = excluded.document,
      version = s.version + (s.document <> excluded.document)::int,
      updated_at = case when s.document <> excluded.document then now() else s.updated_at end
    returning version, document, to_json(updated_at) #>> '{}' as "updatedAt"`;
  const [stored] = await readRows(database, statement, storedSettingsSchema);
  if (!stored) throw new Error('an upsert answered no row');
  return stored;
}
