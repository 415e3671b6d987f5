import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { backtestColumns, backtestWorkSchema, type BacktestWork } from './backtest-row.ts';
import { readRows } from './read-rows.ts';

export async function findBacktest(database: Database, backtestId: string): Promise<BacktestWork | null> {
  const statement = sql`
    select ${backtestColumns}, slice, cursor, directory_version as "directoryVersion", state, tally, pairs
    from backtests where id = ${backtestId}::uuid`;
  return (await readRows(database, statement, backtestWorkSchema))[0] ?? null;
}
