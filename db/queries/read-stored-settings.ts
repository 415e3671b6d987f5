import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Each holds one document of the brand's. */
export type SettingsTable = 'lead_settings' | 'onboarding_settings';

export const storedSettingsSchema = z.object({ version: z.number(), document: z.unknown(), updatedAt: z.string() });

export type StoredSettings = z.output<typeof storedSettingsSchema>;

/** The brand's settings; null before any were given. */
export async function readStoredSettings(database: Database, table: SettingsTable): Promise<StoredSettings | null> {
  const statement = sql`
    select version, document, to_json(updated_at) #>> '{}' as "updatedAt" from ${sql.identifier(table)}`;
  const [found] = await readRows(database, statement, storedSettingsSchema);
  return found ?? null;
}
