import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { driftReportRowSchema, type DriftReportRow } from './drift-report-row.ts';
import { readRows } from './read-rows.ts';

/** Reports, the newest first; `cursor` is the last id of the page before. */
export async function listDriftReports(
  database: Database,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
): Promise<{ items: DriftReportRow[]; nextCursor: string | null }> {
  const statement = sql`
    select show_drift_report(r.id) as report from onboarding_drift_reports r
    where ${cursor}::uuid is null or r.id < ${cursor}::uuid order by r.id desc limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ report: driftReportRowSchema }));
  const items = rows.slice(0, limit).map(({ report }) => report);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.reportId ?? null) : null };
}
