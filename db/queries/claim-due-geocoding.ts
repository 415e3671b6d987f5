import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const claimedSchema = z.object({ planId: z.string() });

/** Plans whose geocoding nobody has gone on with in time; they are due again after `leaseSeconds`. */
export function claimDueGeocoding(
  database: Database,
  { limit, leaseSeconds }: { limit: number; leaseSeconds: number },
): Promise<z.output<typeof claimedSchema>[]> {
  // Materialized: a plan that runs the inner query twice would skip its own locks and claim more than `limit`.
  const statement = sql`
    with due as materialized (
      select id from onboarding_plans
      where geocoding = 'pending' and geocoding_due_at <= now() and expires_at > now()
      order by geocoding_due_at limit ${limit}::int for update skip locked)
    update onboarding_plans set geocoding_due_at = now() + make_interval(secs => ${leaseSeconds}::int)
    where id in (select id from due) returning id as "planId"`;
  return readRows(database, statement, claimedSchema);
}
