import { claimDueBacktests } from '../../../db/queries/claim-due-backtests.ts';
import type { BacktestDeps } from './backtest-deps.ts';
import { dropRows } from './drop-backtest.ts';

/** Whoever does a slice has so long, until the minute's Cron asks again. */
export const BACKTEST_DUE_SECONDS = 120;
const BACKTESTS_PER_SWEEP = 20;
/** A slice that was not done after so many has failed. */
const MAX_SWEEPS = 10;

type MessageDeps = Pick<BacktestDeps, 'qstash' | 'config' | 'log'>;

/** Asks QStash for the next slice; the same one twice is one message. One that is lost is made good by the Cron. */
export async function askForSlice(
  { qstash, config, log }: MessageDeps,
  { backtestId, slice, again = null }: { backtestId: string; slice: number; again?: string | null },
): Promise<void> {
  try {
    await qstash.batch([
      {
        url: `${config.publicUrl}/v1/jobs/run-backtest`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ backtestId, slice }),
        deduplicationId: `run-backtest-${backtestId}-${slice}${again ? `-${again}` : ''}`,
      },
    ]);
  } catch (error) {
    log({ event: 'backtest_not_asked', backtestId, error });
  }
}

/** Each minute: backtests that were left alone are taken up again. */
export async function sweepBacktests(deps: MessageDeps & Pick<BacktestDeps, 'database' | 'newId'>): Promise<void> {
  const due = await claimDueBacktests(deps.database, {
    limit: BACKTESTS_PER_SWEEP,
    dueSeconds: BACKTEST_DUE_SECONDS,
    maxSweeps: MAX_SWEEPS,
  });
  for (const { status, ...backtest } of due) {
    if (status === 'running') await askForSlice(deps, { ...backtest, again: deps.newId() });
    else await dropRows(deps, { backtestId: backtest.backtestId, moves: false });
  }
}
