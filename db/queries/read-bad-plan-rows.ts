import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const badRowSchema = z.object({
  cells: z.record(z.string(), z.unknown()),
  errors: z.array(z.object({ column: z.string(), message: z.string(), suggestion: z.string().optional() })),
});

/** The invalid rows of a plan as they came, in the file's order: at most as many as a file may have. */
export function readBadPlanRows(database: Database, planId: string): Promise<z.output<typeof badRowSchema>[]> {
  const statement = sql`
    select cells, errors from onboarding_plan_rows
    where plan_id = ${planId}::uuid and action = 'invalid' order by row_number`;
  return readRows(database, statement, badRowSchema);
}
