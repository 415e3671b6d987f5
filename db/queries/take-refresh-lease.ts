import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import {
  highlevelConnectionColumns,
  highlevelConnectionSchema,
  type HighlevelConnection,
} from './highlevel-connection-row.ts';
import { readRows } from './read-rows.ts';

export interface RefreshLease {
  readonly companyId: string;
  /** The tokens to be replaced: somebody else's newer ones are left alone. */
  readonly version: number;
  readonly lease: string;
  readonly leaseSeconds: number;
}

/**
 * Takes the right to send the refresh token, and notes, before it is sent, that it is. `wasSent`: it was sent before, and
 * what came back was never stored.
 * @returns null while another holds the lease, and where there is nothing to refresh
 */
export async function takeRefreshLease(
  database: Database,
  { companyId, version, lease, leaseSeconds }: RefreshLease,
): Promise<{ connection: HighlevelConnection; wasSent: boolean } | null> {
  const statement = sql`
    with held as (
      select company_id, refresh_sent_at is not null as was_sent from highlevel_connections
      where company_id = ${companyId} and version = ${version}::bigint and status = 'connected'
        and (refresh_lease_until is null or refresh_lease_until < now())
      for update),
    taken as (
      update highlevel_connections c set refresh_lease = ${lease}::uuid,
        refresh_lease_until = now() + make_interval(secs => ${leaseSeconds}::int),
        refresh_sent_at = coalesce(refresh_sent_at, now())
      from held where c.company_id = held.company_id
      returning c.*, held.was_sent)
    select ${highlevelConnectionColumns}, was_sent as "wasSent" from taken`;
  const row = z.object({ connection: highlevelConnectionSchema, wasSent: z.boolean() });
  return (await readRows(database, statement, row))[0] ?? null;
}
