import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const failedRowSchema = z.object({ input: z.unknown(), error: z.record(z.string(), z.unknown()) });

/** The rows of a batch that failed, those that were rolled back then included, in the file's order. */
export function readFailedBatchRows(database: Database, batchId: string): Promise<z.output<typeof failedRowSchema>[]> {
  const statement = sql`
    select input, error from onboarding_batch_rows
    where batch_id = ${batchId}::uuid and error is not null
      and status in ('failed', 'rolled_back', 'rolled_back_with_tasks')
    order by row_number`;
  return readRows(database, statement, failedRowSchema);
}
