import * as z from 'zod';
import { countLocationDays } from '../../../db/queries/count-location-days.ts';
import { findAnalyticsReport } from '../../../db/queries/find-analytics-report.ts';
import { saveReportSlice } from '../../../db/queries/save-report-slice.ts';
import type { ReportDeps } from './report-deps.ts';
import { askForReportSlice, REPORT_DUE_SECONDS } from './report-messages.ts';
import { countDays, cutSlice } from './rules/report-slices.ts';

const messageSchema = z.object({ reportId: z.uuid(), slice: z.int().min(0) });

/** Counts one slice of a report on the replica, keeps it, and asks for the next. One that is done twice is written once. */
export async function runReportSlice(deps: ReportDeps, body: unknown): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { reportId, slice } = message.data;
  const report = await findAnalyticsReport(deps.database, reportId);
  if (report?.status !== 'running') return 'done';
  if (report.slice !== slice) {
    // Whoever did this slice may have died before it asked for the next.
    if (report.slice === slice + 1) await askForReportSlice(deps, { reportId, slice: slice + 1 });
    return 'done';
  }
  const part = cutSlice(report, slice);
  const { locationIds } = report;
  const question = { ...part, locationIds, after: null, limit: part.take * countDays(part) };
  const { value: rows, replicaLagSeconds } = await deps.reports.read((database) =>
    countLocationDays(database, question),
  );
  const saved = { reportId, slice, rows, replicaLagSeconds, dueSeconds: REPORT_DUE_SECONDS };
  const status = await saveReportSlice(deps.database, saved);
  if (status === 'running') await askForReportSlice(deps, { reportId, slice: slice + 1 });
  return 'done';
}
