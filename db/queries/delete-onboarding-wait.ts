import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Its caller was woken, or QStash has been told to. */
export async function deleteOnboardingWait(database: Database, waitId: string): Promise<void> {
  await runQuery(database.execute(sql`delete from onboarding_waits where id = ${waitId}::uuid`));
}
