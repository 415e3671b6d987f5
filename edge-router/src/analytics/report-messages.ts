import { claimDueReports } from '../../../db/queries/claim-due-reports.ts';
import type { ReportDeps } from './report-deps.ts';

/** Whoever counts a slice has so long, waiting for its turn included, until the minute's Cron asks again. */
export const REPORT_DUE_SECONDS = 300;
/** Slices of all reports that are counted at once. */
const PARALLELISM = 3;
const REPORTS_PER_SWEEP = 20;
/** A slice that was not done after so many has failed. */
const MAX_SWEEPS = 10;

type MessageDeps = Pick<ReportDeps, 'qstash' | 'config' | 'log'>;

/** Asks QStash for the next slice; the same one twice is one message. One that is lost is made good by the Cron. */
export async function askForReportSlice(
  { qstash, config, log }: MessageDeps,
  { reportId, slice, again = null }: { reportId: string; slice: number; again?: string | null },
): Promise<void> {
  try {
    await qstash.batch([
      {
        url: `${config.publicUrl}/v1/jobs/count-report`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ reportId, slice }),
        deduplicationId: `count-report-${reportId}-${slice}${again ? `-${again}` : ''}`,
        flowControl: { key: 'analytics-reports', parallelism: PARALLELISM },
      },
    ]);
  } catch (error) {
    log({ event: 'report_not_asked', reportId, error });
  }
}

/** Each minute: reports that were left alone are taken up again. */
export async function sweepReports(deps: MessageDeps & Pick<ReportDeps, 'database' | 'newId'>): Promise<void> {
  const due = await claimDueReports(deps.database, {
    limit: REPORTS_PER_SWEEP,
    dueSeconds: REPORT_DUE_SECONDS,
    maxSweeps: MAX_SWEEPS,
  });
  for (const { status, ...report } of due) {
    if (status === 'running') await askForReportSlice(deps, { ...report, again: deps.newId() });
  }
}
