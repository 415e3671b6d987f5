import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';
import type { Turn } from './onboarding-batch-row.ts';

/** Takes back slots whose rows nobody could be told of; they are due again after so many seconds. */
export async function releaseOnboardingRows(
  database: Database,
  { turns, afterSeconds }: { readonly turns: readonly Turn[]; readonly afterSeconds: number },
): Promise<void> {
  await runQuery(
    database.execute(sql`select release_onboarding_rows(${JSON.stringify(turns)}::jsonb, ${afterSeconds}::int)`),
  );
}
