import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { planRowColumns, planRowSchema, type PlanRow } from './plan-row.ts';
import { readRows } from './read-rows.ts';

export interface PlanRowsSlice {
  readonly planId: string;
  /** The rows after this one; 0 for the first slice. */
  readonly afterRow: number;
  readonly limit: number;
  /** Null is all. */
  readonly actions: readonly PlanRow['action'][] | null;
}

/** A slice of a plan's rows in the file's order. A plan that is gone has none. */
export async function readPlanRows(database: Database, slice: PlanRowsSlice): Promise<PlanRow[]> {
  const { planId, afterRow, limit, actions } = slice;
  const statement = sql`
    select ${planRowColumns} from onboarding_plan_rows r
    where r.plan_id = ${planId}::uuid and r.row_number > ${afterRow}::int
      and (${actions === null}::boolean or r.action = any (${`{${(actions ?? []).join(',')}}`}::text[]))
    order by r.row_number limit ${limit}::int`;
  const rows = await readRows(database, statement, z.object({ plan_row: planRowSchema }));
  return rows.map((row) => row.plan_row);
}
