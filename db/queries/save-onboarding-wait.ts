import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';
import type { WaitResult } from './onboarding-wait-row.ts';

export interface NewOnboardingWait {
  readonly id: string;
  readonly step: string;
  readonly resumeUrl: string;
  readonly timeoutSeconds: number;
  readonly results: readonly WaitResult[];
}

/** Stores who is to be woken, and by what. */
export async function createOnboardingWait(database: Database, wait: NewOnboardingWait): Promise<void> {
  const { id, step, resumeUrl, timeoutSeconds, results } = wait;
  await runQuery(
    database.execute(sql`
      insert into onboarding_waits (id, step, resume_url, results, deadline_at)
      values (${id}::uuid, ${step}, ${resumeUrl}, ${JSON.stringify(results)}::jsonb,
        now() + make_interval(secs => ${timeoutSeconds}::int))`),
  );
}

/** Keeps what became of the steps so far. */
export async function saveOnboardingWait(
  database: Database,
  { waitId, results }: { waitId: string; results: readonly WaitResult[] },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      update onboarding_waits set results = ${JSON.stringify(results)}::jsonb where id = ${waitId}::uuid`),
  );
}
