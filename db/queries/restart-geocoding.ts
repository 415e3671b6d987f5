import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Makes a plan's geocoding pending again where rows still wait. @returns how many wait; null where there is no such plan */
export async function restartGeocoding(
  database: Database,
  { planId, leaseSeconds }: { planId: string; leaseSeconds: number },
): Promise<number | null> {
  const statement = sql`
    with waiting as materialized (
      select count(*)::int as count from onboarding_plan_rows where plan_id = ${planId}::uuid and geocoding = 'pending')
    update onboarding_plans set geocoding_failures = 0,
      geocoding = case when (select count from waiting) > 0 then 'pending' else geocoding end,
      geocoding_due_at = now() + make_interval(secs => ${leaseSeconds}::int)
    where id = ${planId}::uuid and expires_at > now()
    returning (select count from waiting) as waiting`;
  const [restarted] = await readRows(database, statement, z.object({ waiting: z.number() }));
  return restarted?.waiting ?? null;
}
