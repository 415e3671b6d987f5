import { deleteBacktest } from '../../../db/queries/delete-backtest.ts';
import { dropBacktestRows } from '../../../db/queries/drop-backtest-rows.ts';
import { listOldBacktests } from '../../../db/queries/list-old-backtests.ts';
import type { BacktestDeps } from './backtest-deps.ts';

const KEPT_DAYS = 30;
const BACKTESTS_PER_NIGHT = 100;
const ROWS_PER_STATEMENT = 5000;
/** More than the rows of the largest backtest. */
const MAX_STATEMENTS = 1000;

type Deps = Pick<BacktestDeps, 'database'>;

/** Deletes what a backtest that has ended no longer needs; with `moves` all that hangs on it. */
export async function dropRows(
  deps: Deps,
  { backtestId, moves }: { backtestId: string; moves: boolean },
): Promise<void> {
  for (let statements = 0; statements < MAX_STATEMENTS; statements++) {
    if ((await dropBacktestRows(deps.database, { backtestId, moves, limit: ROWS_PER_STATEMENT })) === 0) return;
  }
}

/** Deletes a backtest that has ended, a part at a time. */
export async function dropBacktest(deps: Deps, backtestId: string): Promise<void> {
  await dropRows(deps, { backtestId, moves: true });
  await deleteBacktest(deps.database, backtestId);
}

/** Each night: backtests of more than 30 days ago go. */
export async function purgeBacktests(deps: Deps): Promise<void> {
  const old = await listOldBacktests(deps.database, { keptDays: KEPT_DAYS, limit: BACKTESTS_PER_NIGHT });
  for (const { backtestId } of old) await dropBacktest(deps, backtestId);
}
