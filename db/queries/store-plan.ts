import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';
import type { PlanRow } from './plan-row.ts';

export interface StoredPlan {
  readonly id: string;
  readonly onInvalid: 'reject' | 'skip';
  readonly runnable: boolean;
  readonly summary: object;
  readonly keptDays: number;
  /** After so long the minute's Cron takes up the geocoding, if nobody has begun. */
  readonly geocodingDueSeconds: number;
  readonly rows: readonly (Omit<PlanRow, 'changes' | 'errors' | 'warnings'> & {
    readonly changes: readonly unknown[];
    readonly errors: readonly unknown[];
    readonly warnings: readonly unknown[];
    readonly cells: unknown;
  })[];
}

/** Stores a plan and its rows, all or nothing. The same id again changes nothing. */
export async function storePlan(database: Database, plan: StoredPlan): Promise<void> {
  const { rows, id, onInvalid, runnable, summary, keptDays, geocodingDueSeconds } = plan;
  const geocoding = rows.some((row) => row.geocoding === 'pending') ? 'pending' : 'none';
  await runQuery(
    database.execute(sql`
      with plan as (
        insert into onboarding_plans (id, on_invalid, runnable, summary, geocoding, geocoding_due_at, expires_at)
        values (${id}::uuid, ${onInvalid}, ${runnable}, ${JSON.stringify(summary)}::jsonb, ${geocoding},
          now() + make_interval(secs => ${geocodingDueSeconds}::int), now() + make_interval(days => ${keptDays}::int))
        on conflict (id) do nothing
        returning id)
      insert into onboarding_plan_rows (plan_id, row_number, row_key, action, location_id, sub_account, input, cells,
        changes, errors, warnings, geocoding)
      select plan.id, r."row", r."rowKey", r.action, r."locationId", r."subAccount", r.input, r.cells,
        r.changes, r.errors, r.warnings, r.geocoding
      from plan, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r ("row" integer, "rowKey" text, action text,
        "locationId" uuid, "subAccount" text, input jsonb, cells jsonb, changes jsonb, errors jsonb, warnings jsonb,
        geocoding text)`),
  );
}
