import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Deletes a backtest that has ended; what hangs on it went before (`dropBacktestRows`). */
export async function deleteBacktest(database: Database, backtestId: string): Promise<void> {
  await runQuery(database.execute(sql`delete from backtests where id = ${backtestId}::uuid and status <> 'running'`));
}
