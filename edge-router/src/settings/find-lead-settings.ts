import { readStoredSettings } from '../../../db/queries/read-stored-settings.ts';
import type { AppDeps } from '../deps.ts';
import { leadSettingsSchema, type LeadSettings } from '../rules/lead-settings.ts';

/** The brand's settings for leads as they are now; what it has not said has its defaults, and version 0 says that it has said nothing. */
export async function findLeadSettings({
  database,
}: Pick<AppDeps, 'database'>): Promise<{ readonly version: number; readonly settings: LeadSettings }> {
  const stored = await readStoredSettings(database, 'lead_settings');
  return { version: stored?.version ?? 0, settings: leadSettingsSchema.parse(stored?.document ?? {}) };
}
