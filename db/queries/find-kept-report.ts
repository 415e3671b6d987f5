import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { analyticsReportColumns, analyticsReportSchema, type AnalyticsReport } from './analytics-report-row.ts';
import { readRows } from './read-rows.ts';

/**
 * The report of this question: one that runs, or the newest that is still good. A day that was not over everywhere when it was asked for
 * is good for an hour, days gone by for a day, since leads of then are still won.
 */
export async function findKeptReport(database: Database, question: string): Promise<AnalyticsReport | null> {
  const statement = sql`
    select ${analyticsReportColumns} from analytics_reports
    where question = ${question}::text and (status = 'running' or (status = 'finished' and created_at > now() -
      case when to_day < (created_at at time zone 'UTC')::date - 1 then interval '1 day' else interval '1 hour' end))
    order by status = 'running' desc, created_at desc limit 1`;
  const [found] = await readRows(database, statement, z.object({ report: analyticsReportSchema }));
  return found?.report ?? null;
}
