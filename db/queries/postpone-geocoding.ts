import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/**
 * Counts a failure of the geocoder: the plan is due again after 1, 2, 4… minutes, and given up after `maxFailures`, when its
 * rows keep the points they have. @returns whether it was given up
 */
export async function postponeGeocoding(
  database: Database,
  { planId, maxFailures }: { planId: string; maxFailures: number },
): Promise<boolean> {
  const statement = sql`
    update onboarding_plans set geocoding_failures = geocoding_failures + 1,
      geocoding = case when geocoding_failures + 1 >= ${maxFailures}::int then 'gave_up' else 'pending' end,
      geocoding_due_at = now() + make_interval(mins => (2 ^ geocoding_failures)::int)
    where id = ${planId}::uuid and geocoding = 'pending'
    returning geocoding = 'gave_up' as "gaveUp"`;
  const [postponed] = await readRows(database, statement, z.object({ gaveUp: z.boolean() }));
  return postponed?.gaveUp ?? false;
}
