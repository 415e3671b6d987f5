import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { onboardingBatchRowSchema, type OnboardingBatchRow } from './onboarding-batch-row.ts';
import { readRows } from './read-rows.ts';

export interface ListBatchesRequest {
  /** The id of the last batch of the page before. */
  readonly cursor: string | null;
  readonly limit: number;
}

/** Batches, the newest first. */
export async function listOnboardingBatches(
  database: Database,
  { cursor, limit }: ListBatchesRequest,
): Promise<{ items: OnboardingBatchRow[]; nextCursor: string | null }> {
  const statement = sql`
    select show_onboarding_batch(b.id) as batch from onboarding_batches b
    where ${cursor}::uuid is null or b.id < ${cursor}::uuid order by b.id desc limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ batch: onboardingBatchRowSchema }));
  const items = rows.slice(0, limit).map(({ batch }) => batch);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.batchId ?? null) : null };
}
