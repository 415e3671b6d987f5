import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const claimedSchema = z.object({ reportId: z.string(), turn: z.number() });

/** Reports that nobody has gone on with in time, each under the number of a new message. */
export function claimDueDrift(
  database: Database,
  { limit, dueSeconds }: { readonly limit: number; readonly dueSeconds: number },
): Promise<z.output<typeof claimedSchema>[]> {
  // Materialized: a plan that runs the inner query twice would skip its own locks and claim more than `limit`.
  const statement = sql`
    with due as materialized (
      select id from onboarding_drift_reports where status = 'running' and due_at <= now()
      order by due_at limit ${limit}::int for update skip locked)
    update onboarding_drift_reports set turn = turn + 1, due_at = now() + make_interval(secs => ${dueSeconds}::int)
    where id in (select id from due) returning id as "reportId", turn`;
  return readRows(database, statement, claimedSchema);
}
