import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface InstallationChange {
  readonly ghlLocationId: string;
  readonly companyId: string | null;
  readonly installed: boolean;
  /** ISO 8601: when HighLevel says it happened. */
  readonly changedAt: string;
  readonly webhookId: string;
}

/** The app came into a sub-account, or left it. What happened before the last known change changes nothing. */
export async function recordInstallation(database: Database, change: InstallationChange): Promise<void> {
  const { ghlLocationId, companyId, installed, changedAt, webhookId } = change;
  await runQuery(
    database.execute(sql`
      insert into highlevel_installations as held (ghl_location_id, company_id, installed, changed_at, webhook_id)
      values (${ghlLocationId}, ${companyId}, ${installed}::boolean, ${changedAt}::timestamptz, ${webhookId})
      on conflict (ghl_location_id) do update set company_id = coalesce(excluded.company_id, held.company_id),
        installed = excluded.installed, changed_at = excluded.changed_at, webhook_id = excluded.webhook_id
      where held.changed_at < excluded.changed_at`),
  );
}
