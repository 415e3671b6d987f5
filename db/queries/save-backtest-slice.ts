import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import type { BacktestWork } from './backtest-row.ts';
import type { BacktestPersons } from './read-backtest-persons.ts';
import { readRows } from './read-rows.ts';

export interface BacktestMove {
  readonly position: number;
  readonly leadId: string | null;
  readonly sourceRow: number | null;
  readonly postalCode: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

export interface BacktestSlice {
  readonly backtestId: string;
  /** The slice that was done. */
  readonly slice: number;
  readonly leads: number;
  readonly cursor: string | null;
  readonly state: BacktestWork['state'];
  readonly tally: BacktestWork['tally'];
  readonly moves: readonly BacktestMove[];
  readonly persons: BacktestPersons;
  readonly dueSeconds: number;
}

/** Writes what a slice came to, all of it or nothing. @returns false when the slice was done before, or the backtest was ended */
export async function saveBacktestSlice(database: Database, slice: BacktestSlice): Promise<boolean> {
  const statement = sql`
    with saved as (
      update backtests set slice = slice + 1, done = done + ${slice.leads}::int, cursor = ${slice.cursor}::text,
        state = ${JSON.stringify(slice.state)}::jsonb, tally = ${JSON.stringify(slice.tally)}::jsonb, sweeps = 0,
        due_at = now() + make_interval(secs => ${slice.dueSeconds}::int)
      where id = ${slice.backtestId}::uuid and slice = ${slice.slice}::int and status = 'running'
      returning id),
    moves as (
      insert into backtest_moves (backtest_id, position, lead_id, source_row, postal_code, from_location, to_location)
      select saved.id, m.position, m."leadId", m."sourceRow", m."postalCode", m."from", m."to"
      from saved, jsonb_to_recordset(${JSON.stringify(slice.moves)}::jsonb) as m (position integer, "leadId" uuid,
        "sourceRow" integer, "postalCode" text, "from" uuid, "to" uuid)),
    persons as (
      insert into backtest_persons (backtest_id, hash, places)
      select saved.id, p ->> 0, p -> 1
      from saved, jsonb_array_elements(${JSON.stringify(slice.persons)}::jsonb) p
      on conflict (backtest_id, hash) do update set places = excluded.places)
    select count(*)::int as saved from saved`;
  return ((await readRows(database, statement, z.object({ saved: z.int() })))[0]?.saved ?? 0) > 0;
}
