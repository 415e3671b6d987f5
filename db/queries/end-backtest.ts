import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Ends a backtest that runs, as it is. One that has ended stays as it is. */
export async function endBacktest(
  database: Database,
  {
    backtestId,
    status,
    error,
  }: { readonly backtestId: string; readonly status: 'cancelled' | 'failed'; readonly error: string | null },
): Promise<void> {
  const statement = sql`
    update backtests set status = ${status}::text, error = ${error}::text, ended_at = now()
    where id = ${backtestId}::uuid and status = 'running'`;
  await runQuery(database.execute(statement));
}
