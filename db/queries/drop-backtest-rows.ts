import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/**
 * Deletes up to `limit` rows of what a backtest that has ended no longer needs: persons and the leads of its file; with `moves` those
 * as well. @returns how many went
 */
export async function dropBacktestRows(
  database: Database,
  { backtestId, moves, limit }: { readonly backtestId: string; readonly moves: boolean; readonly limit: number },
): Promise<number> {
  const statement = sql`
    with ended as (select id from backtests where id = ${backtestId}::uuid and status <> 'running'),
    persons as (
      delete from backtest_persons where (backtest_id, hash) in (
        select p.backtest_id, p.hash from backtest_persons p join ended on ended.id = p.backtest_id limit ${limit}::int)
      returning 1),
    leads as (
      delete from backtest_leads where (backtest_id, position) in (
        select l.backtest_id, l.position from backtest_leads l join ended on ended.id = l.backtest_id limit ${limit}::int)
      returning 1),
    moves as (
      delete from backtest_moves where (backtest_id, position) in (
        select m.backtest_id, m.position from backtest_moves m join ended on ended.id = m.backtest_id and ${moves}::boolean
        limit ${limit}::int)
      returning 1)
    select (select count(*) from persons)::int + (select count(*) from leads)::int + (select count(*) from moves)::int as count`;
  return (await readRows(database, statement, z.object({ count: z.int() })))[0]?.count ?? 0;
}
