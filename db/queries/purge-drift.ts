import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Forgets reports of drift that began so many days ago: one a night, and those that were asked for. */
export async function purgeDrift(database: Database, { keptDays }: { readonly keptDays: number }): Promise<void> {
  await runQuery(
    database.execute(
      sql`delete from onboarding_drift_reports where created_at < now() - make_interval(days => ${keptDays}::int)`,
    ),
  );
}
