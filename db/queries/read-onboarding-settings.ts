import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export const storedSettingsSchema = z.object({ version: z.number(), document: z.unknown(), updatedAt: z.string() });

export type StoredSettings = z.output<typeof storedSettingsSchema>;

/** The brand's settings for onboarding; null before any were given. */
export async function readOnboardingSettings(database: Database): Promise<StoredSettings | null> {
  const statement = sql`
    select version, document, to_json(updated_at) #>> '{}' as "updatedAt" from onboarding_settings`;
  const [found] = await readRows(database, statement, storedSettingsSchema);
  return found ?? null;
}
