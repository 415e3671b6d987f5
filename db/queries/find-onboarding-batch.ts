import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { onboardingBatchRowSchema, type OnboardingBatchRow } from './onboarding-batch-row.ts';
import { readRows } from './read-rows.ts';

/** A batch with its rows counted; null when there is none of this id. */
export async function findOnboardingBatch(database: Database, batchId: string): Promise<OnboardingBatchRow | null> {
  const statement = sql`select show_onboarding_batch(${batchId}::uuid) as batch`;
  const [found] = await readRows(database, statement, z.object({ batch: onboardingBatchRowSchema.nullable() }));
  return found?.batch ?? null;
}
