import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const ageSchema = z.object({ ageSeconds: z.coerce.number() });

/** How old `location_performance_realtime` is, in whole seconds. */
export async function measureLocationPerformance(database: Database): Promise<number | null> {
  const statement = sql`
    select floor(extract(epoch from now() - refreshed_at)) as "ageSeconds" from location_performance_refreshes`;
  return (await readRows(database, statement, ageSchema))[0]?.ageSeconds ?? null;
}
