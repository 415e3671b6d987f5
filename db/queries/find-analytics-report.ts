import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { analyticsReportColumns, analyticsReportSchema, type AnalyticsReport } from './analytics-report-row.ts';
import { readRows } from './read-rows.ts';

export async function findAnalyticsReport(database: Database, reportId: string): Promise<AnalyticsReport | null> {
  const statement = sql`select ${analyticsReportColumns} from analytics_reports where id = ${reportId}::uuid`;
  const [found] = await readRows(database, statement, z.object({ report: analyticsReportSchema }));
  return found?.report ?? null;
}
