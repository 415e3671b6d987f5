import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Ends a backtest whose last slice is done, and counts who gets whose leads. One that was ended stays as it is. */
export async function finishBacktest(
  database: Database,
  { backtestId, maxPairs }: { readonly backtestId: string; readonly maxPairs: number },
): Promise<void> {
  const statement = sql`
    update backtests set status = 'finished', ended_at = now(),
      directory_changed = directory_version <> (select version from directory_state),
      pairs = coalesce((
        select jsonb_agg(jsonb_build_object('from', from_location, 'to', to_location, 'leads', leads) order by leads desc)
        from (
          select from_location, to_location, count(*) as leads from backtest_moves
          where backtest_id = ${backtestId}::uuid group by from_location, to_location
          order by leads desc, from_location, to_location limit ${maxPairs}::int) top), '[]')
    where id = ${backtestId}::uuid and status = 'running'`;
  await runQuery(database.execute(statement));
}
