import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { batchRowStatusSchema } from './onboarding-batch-row.ts';
import { readRows } from './read-rows.ts';

export const listedBatchRowSchema = z.object({
  row: z.number().describe('as the file’s spreadsheet shows it'),
  rowKey: z.string(),
  action: z.enum(['create', 'update']),
  name: z.string(),
  franchiseCode: z.string(),
  status: batchRowStatusSchema,
  direction: z.enum(['forward', 'back']).describe('back: it is being rolled back, or was'),
  runId: z.string().nullable(),
  locationId: z.string().nullable(),
  ghlLocationId: z.string().nullable(),
  stepsDone: z.number(),
  waitsFor: z.string().nullable(),
  failures: z.number().describe('tries in a row that failed and are made again'),
  error: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('step, reason, detail, action and findings of what failed'),
  openTasks: z.number().describe('tasks for people that are open at this location'),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
});

export type ListedBatchRow = z.output<typeof listedBatchRowSchema>;

export interface ListBatchRowsRequest {
  readonly batchId: string;
  /** Null: all. */
  readonly status: z.output<typeof batchRowStatusSchema> | null;
  /** The rows after this one; 0 for the first page. */
  readonly afterRow: number;
  readonly limit: number;
}

/** Rows of a batch in the file's order. */
export function listOnboardingBatchRows(database: Database, request: ListBatchRowsRequest): Promise<ListedBatchRow[]> {
  const { batchId, status, afterRow, limit } = request;
  const statement = sql`
    select r.row_number as "row", r.row_key as "rowKey", r.action, r.input ->> 'name' as name,
      r.input ->> 'franchiseCode' as "franchiseCode", r.status, r.direction, r.run_id as "runId",
      l.location_id as "locationId", k.ghl_location_id as "ghlLocationId", r.steps_done as "stepsDone",
      r.waits_for as "waitsFor", r.failures, r.error,
      (select count(*)::int from onboarding_tasks t
        where t.row_key = r.row_key and t.generation = l.generation and t.status = 'open') as "openTasks",
      to_json(r.started_at) #>> '{}' as "startedAt", to_json(r.finished_at) #>> '{}' as "finishedAt"
    from onboarding_batch_rows r
      left join onboarding_locations l on l.row_key = r.row_key
      left join location_keys k on k.id = l.location_id
    where r.batch_id = ${batchId}::uuid and r.row_number > ${afterRow}::int
      and (${status}::text is null or r.status = ${status}::text)
    order by r.row_number limit ${limit}::int`;
  return readRows(database, statement, listedBatchRowSchema);
}
