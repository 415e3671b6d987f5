import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Next month (`2026-12`, UTC) where leads have no partition for it; null where they have. */
export async function findMissingLeadMonth(database: Database): Promise<string | null> {
  const statement = sql`
    select to_char(next.starts, 'YYYY-MM') as month
    from (select date_trunc('month', now() at time zone 'UTC') + interval '1 month' as starts) next
    where not exists (
      select from pg_inherits i
      where i.inhparent = 'leads'::regclass and i.inhrelid = to_regclass('leads_' || to_char(next.starts, 'YYYY_MM')))`;
  const [missing] = await readRows(database, statement, z.object({ month: z.string() }));
  return missing?.month ?? null;
}
