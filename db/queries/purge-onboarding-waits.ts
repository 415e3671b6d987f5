import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Deletes up to `limit` waits that nobody ended within a day of their time. @returns how many */
export async function purgeOnboardingWaits(database: Database, { limit }: { limit: number }): Promise<number> {
  const statement = sql`
    delete from onboarding_waits where id in (
      select id from onboarding_waits where deadline_at < now() - interval '1 day' limit ${limit}::int)
    returning id`;
  return (await readRows(database, statement, z.object({ id: z.string() }))).length;
}
