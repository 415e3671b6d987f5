import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { onboardingTaskRowSchema } from './onboarding-run-row.ts';
import { readRows } from './read-rows.ts';

export const listedTaskSchema = onboardingTaskRowSchema.extend({
  runId: z.string(),
  rowKey: z.string(),
  locationId: z.string().nullable(),
});

export type ListedTask = z.output<typeof listedTaskSchema>;

export interface ListTasksRequest {
  /** Null: all. */
  readonly status: 'open' | 'done' | 'withdrawn' | null;
  readonly cursor: string | null;
  readonly limit: number;
}

/** Tasks in the order in which they were opened. */
export async function listOnboardingTasks(
  database: Database,
  { status, cursor, limit }: ListTasksRequest,
): Promise<{ items: ListedTask[]; nextCursor: string | null }> {
  const statement = sql`
    select t.id as "taskId", t.kind, t.title, t.reason, t.link, t.status, t.note,
      to_json(t.created_at) #>> '{}' as "createdAt", to_json(t.closed_at) #>> '{}' as "closedAt",
      t.run_id as "runId", t.row_key as "rowKey", l.location_id as "locationId"
    from onboarding_tasks t join onboarding_locations l using (row_key)
    where (${cursor}::uuid is null or t.id > ${cursor}::uuid) and (${status}::text is null or t.status = ${status}::text)
    order by t.id limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, listedTaskSchema);
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.taskId ?? null) : null };
}
