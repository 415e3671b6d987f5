import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { backtestColumns, backtestRowSchema, type BacktestRow } from './backtest-row.ts';
import { readRows } from './read-rows.ts';

/** Backtests, the newest first; `cursor` is the last id of the page before. */
export async function listBacktests(
  database: Database,
  { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
): Promise<{ items: BacktestRow[]; nextCursor: string | null }> {
  const statement = sql`
    select ${backtestColumns} from backtests b
    where ${cursor}::uuid is null or b.id < ${cursor}::uuid order by b.id desc limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ backtest: backtestRowSchema }));
  const items = rows.slice(0, limit).map(({ backtest }) => backtest);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.backtestId ?? null) : null };
}
