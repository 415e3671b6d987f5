import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import type { BacktestSelection, BacktestSide } from './backtest-row.ts';
import { readRows } from './read-rows.ts';

export interface NewBacktest {
  readonly backtestId: string;
  readonly name: string | null;
  readonly selection: BacktestSelection;
  readonly before: BacktestSide;
  readonly after: BacktestSide;
  readonly at: string;
  readonly directoryVersion: number;
  readonly total: number;
  /** Of a file, in the order in which they are routed. */
  readonly leads: readonly unknown[];
  readonly maxRunning: number;
  readonly dueSeconds: number;
}

/** Stores a backtest that runs, with its leads where they are a file's. @returns false where too many run already */
export async function createBacktest(database: Database, backtest: NewBacktest): Promise<boolean> {
  const { backtestId, name, selection, before, after, at, directoryVersion, total, leads } = backtest;
  const statement = sql`
    with made as (
      insert into backtests (id, name, selection, before_side, after_side, at, directory_version, total, due_at)
      select ${backtestId}::uuid, ${name}::text, ${JSON.stringify(selection)}::jsonb, ${JSON.stringify(before)}::jsonb,
        ${JSON.stringify(after)}::jsonb, ${at}::timestamptz, ${directoryVersion}::bigint, ${total}::int,
        now() + make_interval(secs => ${backtest.dueSeconds}::int)
      where (select count(*) from backtests where status = 'running') < ${backtest.maxRunning}::int
      returning id),
    leads as (
      insert into backtest_leads (backtest_id, position, lead)
      select made.id, l.position - 1, l.lead
      from made, jsonb_array_elements(${JSON.stringify(leads)}::jsonb) with ordinality as l (lead, position))
    select count(*)::int as made from made`;
  return ((await readRows(database, statement, z.object({ made: z.int() })))[0]?.made ?? 0) > 0;
}
