import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { onboardingTaskRowSchema, type OnboardingTaskRow } from './onboarding-run-row.ts';
import { readRows } from './read-rows.ts';

export interface UpdateTaskRequest {
  readonly taskId: string;
  readonly status: 'open' | 'done';
  /** Null keeps what is there. */
  readonly note: string | null;
}

/** A person did a task, or did not after all. Null when there is none, or when it was withdrawn. */
export async function updateOnboardingTask(
  database: Database,
  { taskId, status, note }: UpdateTaskRequest,
): Promise<OnboardingTaskRow | null> {
  const statement = sql`
    with changed as (
      update onboarding_tasks set status = ${status}::text, note = coalesce(${note}::text, note),
        closed_at = case when ${status}::text = 'done' then coalesce(closed_at, now()) end
      where id = ${taskId}::uuid and status <> 'withdrawn' returning *),
    noted as (
      select add_onboarding_event(r, null, case when c.status = 'done' then 'task_done' else 'task_opened' end,
        jsonb_build_object('kind', c.kind, 'taskId', c.id))
      from changed c join onboarding_runs r on r.id = c.run_id)
    select id as "taskId", kind, title, reason, link, status, note,
      to_json(created_at) #>> '{}' as "createdAt", to_json(closed_at) #>> '{}' as "closedAt"
    from changed, (select count(*) from noted) counted`;
  const [updated] = await readRows(database, statement, onboardingTaskRowSchema);
  return updated ?? null;
}
