import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/**
 * The tokens of `version` are of no use any more: only a person can connect again. Null is whichever version there is, so long
 * as it was connected before `happenedAt` (ISO 8601): what is told late does not end what was begun since.
 */
export async function markReconnectNeeded(
  database: Database,
  given: { companyId: string; version: number | null; reason: string; happenedAt?: string },
): Promise<void> {
  const { companyId, version, reason, happenedAt = null } = given;
  await runQuery(
    database.execute(sql`
      update highlevel_connections set status = 'reconnect_needed', status_reason = ${reason},
        refresh_lease = null, refresh_lease_until = null
      where company_id = ${companyId} and status = 'connected'
        and version = coalesce(${version}::bigint, version)
        and connected_at < coalesce(${happenedAt}::timestamptz, 'infinity')`),
  );
}
