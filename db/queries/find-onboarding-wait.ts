import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { onboardingWaitRowSchema, type OnboardingWaitRow } from './onboarding-wait-row.ts';
import { readRows } from './read-rows.ts';

/** The wait of this id; null once its caller was woken. */
export async function findOnboardingWait(database: Database, waitId: string): Promise<OnboardingWaitRow | null> {
  const statement = sql`
    select id as "waitId", step, resume_url as "resumeUrl", results, deadline_at <= now() as "isOverdue"
    from onboarding_waits where id = ${waitId}::uuid`;
  const [wait] = await readRows(database, statement, onboardingWaitRowSchema);
  return wait ?? null;
}
