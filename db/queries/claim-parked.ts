import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const claimedSchema = z.object({ leadId: z.string(), tries: z.number() });

export type ClaimedLead = z.output<typeof claimedSchema>;

export interface ClaimParkedRequest {
  /** A lead last tried with an older directory is due. */
  readonly directoryVersion: number;
  /** ISO 8601: the caller's clock, so that leads are due when its directory's rules are. */
  readonly now: string;
  readonly limit: number;
  readonly leaseSeconds: number;
}

/**
 * Takes up to `limit` due leads out of the parking lot's queue for `leaseSeconds`: those that waited longest since they
 * were tried, of these the oldest, so that no stream of changes can keep any lead from its turn. Concurrent callers never
 * get the same lead.
 */
export async function claimParked(database: Database, request: ClaimParkedRequest): Promise<ClaimedLead[]> {
  const { directoryVersion, now, limit, leaseSeconds } = request;
  // Materialized: a plan that runs the inner query twice would skip its own locks and claim more than `limit`.
  const statement = sql`
    with due as materialized (
      select lead_id from parking_lot
      where (tried_version < ${directoryVersion}::bigint or next_try_at <= ${now}::timestamptz)
        and (claimed_until is null or claimed_until <= ${now}::timestamptz)
      order by tried_version, lead_at limit ${limit}::int for update skip locked),
    claimed as (
      update parking_lot set claimed_until = ${now}::timestamptz + make_interval(secs => ${leaseSeconds}::int)
      where lead_id in (select lead_id from due)
      returning lead_id, tries, tried_version, lead_at)
    select lead_id as "leadId", tries from claimed order by lead_at, lead_id`;
  return readRows(database, statement, claimedSchema);
}
