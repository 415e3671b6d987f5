import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export interface NewAnalyticsReport {
  readonly reportId: string;
  readonly question: string;
  readonly from: string;
  readonly to: string;
  readonly locationIds: readonly string[] | null;
  readonly locations: number;
  readonly slices: number;
  readonly maxRunning: number;
  readonly dueSeconds: number;
}

/** Stores a report that runs. @returns false where its question runs already, or too many others do */
export async function createAnalyticsReport(database: Database, report: NewAnalyticsReport): Promise<boolean> {
  const ids = report.locationIds && JSON.stringify(report.locationIds);
  const statement = sql`
    with made as (
      insert into analytics_reports (id, question, from_day, to_day, location_ids, locations, slices, due_at)
      select ${report.reportId}::uuid, ${report.question}::text, ${report.from}::date, ${report.to}::date,
        case when ${ids}::jsonb is not null then array(select jsonb_array_elements_text(${ids}::jsonb)::uuid) end,
        ${report.locations}::int, ${report.slices}::int, now() + make_interval(secs => ${report.dueSeconds}::int)
      where (select count(*) from analytics_reports where status = 'running') < ${report.maxRunning}::int
      on conflict do nothing returning 1)
    select count(*)::int as made from made`;
  return ((await readRows(database, statement, z.object({ made: z.int() })))[0]?.made ?? 0) > 0;
}
