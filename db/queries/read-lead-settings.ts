import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { storedSettingsSchema, type StoredSettings } from './read-onboarding-settings.ts';
import { readRows } from './read-rows.ts';

/** The brand's settings for leads; null before any were given. */
export async function readLeadSettings(database: Database): Promise<StoredSettings | null> {
  const statement = sql`
    select version, document, to_json(updated_at) #>> '{}' as "updatedAt" from lead_settings`;
  const [found] = await readRows(database, statement, storedSettingsSchema);
  return found ?? null;
}
