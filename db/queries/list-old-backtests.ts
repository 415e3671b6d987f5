import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const oldSchema = z.object({ backtestId: z.string() });

/** Backtests that have ended and are older than `keptDays`. */
export function listOldBacktests(
  database: Database,
  { keptDays, limit }: { readonly keptDays: number; readonly limit: number },
): Promise<z.output<typeof oldSchema>[]> {
  const statement = sql`
    select id as "backtestId" from backtests
    where status <> 'running' and created_at < now() - make_interval(days => ${keptDays}::int)
    order by id limit ${limit}::int`;
  return readRows(database, statement, oldSchema);
}
