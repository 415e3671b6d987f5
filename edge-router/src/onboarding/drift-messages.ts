import { claimDueDrift } from '../../../db/queries/claim-due-drift.ts';
import { createDriftReport } from '../../../db/queries/create-drift-report.ts';
import type { AppDeps } from '../deps.ts';
import { NIGHTLY_LOCATIONS } from './rules/drift-budget.ts';

/** Whoever goes on with a report has so long, until the minute's Cron takes it up. */
export const DRIFT_DUE_SECONDS = 180;
const REPORTS_PER_SWEEP = 20;

interface DriftMessage {
  readonly reportId: string;
  readonly turn: number;
  readonly delaySeconds: number;
}

/** Asks QStash to go on with a report; the same turn twice is one message. One that is lost is made good by the Cron. */
export async function sendDriftMessage(
  { qstash, config, log }: Pick<AppDeps, 'qstash' | 'config' | 'log'>,
  { reportId, turn, delaySeconds }: DriftMessage,
): Promise<void> {
  try {
    await qstash.batch([
      {
        url: `${config.publicUrl}/v1/jobs/check-drift`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ reportId, turn }),
        deduplicationId: `check-drift-${reportId}-${turn}`,
        ...(delaySeconds > 0 ? { delay: Math.ceil(delaySeconds) } : {}),
      },
    ]);
  } catch (error) {
    log({ event: 'drift_not_asked', reportId, error });
  }
}

type SweepDeps = Pick<AppDeps, 'database' | 'qstash' | 'config' | 'log' | 'newId'>;

/** Each minute: reports that were left alone are taken up again. */
export async function sweepDrift(deps: SweepDeps): Promise<void> {
  const due = await claimDueDrift(deps.database, { limit: REPORTS_PER_SWEEP, dueSeconds: DRIFT_DUE_SECONDS });
  for (const report of due) await sendDriftMessage(deps, { ...report, delaySeconds: 0 });
}

/** Each night: as many locations as a quarter of the company's day allows, going on where the last night stopped. */
export async function beginNightlyDrift(deps: SweepDeps & Pick<AppDeps, 'config'>): Promise<void> {
  if (!deps.config.highlevel) return;
  const request = { reportId: deps.newId(), limit: NIGHTLY_LOCATIONS, dueSeconds: DRIFT_DUE_SECONDS };
  const report = await createDriftReport(deps.database, { ...request, kind: 'nightly' });
  if (report?.status === 'running') await sendDriftMessage(deps, { ...report, delaySeconds: 0 });
}
