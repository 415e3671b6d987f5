import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Gives a lease back, so that the next one need not wait for its end. Somebody else's is left alone. */
export async function releaseRefreshLease(
  database: Database,
  { companyId, lease }: { companyId: string; lease: string },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      update highlevel_connections set refresh_lease = null, refresh_lease_until = null
      where company_id = ${companyId} and refresh_lease = ${lease}::uuid`),
  );
}
