import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import type { DayRow } from './count-location-days.ts';
import { readRows } from './read-rows.ts';

const savedSchema = z.object({ status: z.enum(['running', 'finished']) });

/** Writes a slice's rows and counts it as done, together. @returns null where the slice is done already, or the report over */
export async function saveReportSlice(
  database: Database,
  {
    reportId,
    slice,
    rows,
    replicaLagSeconds,
    dueSeconds,
  }: {
    readonly reportId: string;
    readonly slice: number;
    readonly rows: readonly DayRow[];
    readonly replicaLagSeconds: number | null;
    readonly dueSeconds: number;
  },
): Promise<'running' | 'finished' | null> {
  const statement = sql`
    with saved as (
      update analytics_reports set slice = slice + 1, sweeps = 0, due_at = now() + make_interval(secs => ${dueSeconds}::int),
        replica_lag_seconds = greatest(replica_lag_seconds, ${replicaLagSeconds}::float8),
        status = case when slice + 1 >= slices then 'finished' else status end,
        ended_at = case when slice + 1 >= slices then now() end
      where id = ${reportId}::uuid and slice = ${slice}::int and status = 'running'
      returning id, status),
    written as (
      insert into analytics_report_rows (report_id, location_id, day, counts)
      select saved.id, r."locationId", r.day, r.counts
      from saved, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r ("locationId" uuid, day date, counts jsonb))
    select status from saved`;
  return (await readRows(database, statement, savedSchema))[0]?.status ?? null;
}
