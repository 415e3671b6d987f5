import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { onboardingRunRowSchema, type OnboardingRunRow } from './onboarding-run-row.ts';
import { readRows } from './read-rows.ts';

export async function findOnboardingRun(database: Database, runId: string): Promise<OnboardingRunRow | null> {
  const statement = sql`select show_onboarding_run(${runId}::uuid) as run`;
  const [found] = await readRows(database, statement, z.object({ run: onboardingRunRowSchema.nullable() }));
  return found?.run ?? null;
}
