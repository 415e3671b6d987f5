import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const claimedSchema = z.object({ reportId: z.string(), slice: z.int(), status: z.string() });

/** Reports that nobody has gone on with in time; after `maxSweeps` without a slice done one has failed. */
export function claimDueReports(
  database: Database,
  { limit, dueSeconds, maxSweeps }: { readonly limit: number; readonly dueSeconds: number; readonly maxSweeps: number },
): Promise<z.output<typeof claimedSchema>[]> {
  const statement = sql`
    with due as materialized (
      select id from analytics_reports where status = 'running' and due_at <= now()
      order by due_at limit ${limit}::int for update skip locked)
    update analytics_reports set sweeps = sweeps + 1, due_at = now() + make_interval(secs => ${dueSeconds}::int),
      status = case when sweeps < ${maxSweeps}::int then status else 'failed' end,
      error = case when sweeps < ${maxSweeps}::int then error else 'gave_up' end,
      ended_at = case when sweeps < ${maxSweeps}::int then ended_at else now() end
    where id in (select id from due) returning id as "reportId", slice, status`;
  return readRows(database, statement, claimedSchema);
}
