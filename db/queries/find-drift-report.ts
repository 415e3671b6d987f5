import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { driftReportRowSchema, type DriftReportRow } from './drift-report-row.ts';
import { readRows } from './read-rows.ts';

/** A report with its locations counted; null when there is none of this id. */
export async function findDriftReport(database: Database, reportId: string): Promise<DriftReportRow | null> {
  const statement = sql`select show_drift_report(${reportId}::uuid) as report`;
  const [found] = await readRows(database, statement, z.object({ report: driftReportRowSchema.nullable() }));
  return found?.report ?? null;
}
