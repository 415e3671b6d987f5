import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const monthSchema = z.object({ from: z.string(), to: z.string() });
export type LeadMonth = z.output<typeof monthSchema>;

/** The spans that leads are stored in, the oldest first; the first and the last are open, for what no month takes. */
export async function listLeadMonths(database: Database): Promise<LeadMonth[]> {
  const statement = sql`
    with bounds as (
      select date_trunc('month', coalesce(min(created_at), now()) at time zone 'UTC') as starts from leads
    ), months as (
      select generate_series(b.starts, date_trunc('month', now() at time zone 'UTC') + interval '1 month', interval '1 month') as at
      from bounds b
    )
    select to_json(m.at at time zone 'UTC') #>> '{}' as "from",
      to_json((m.at + interval '1 month') at time zone 'UTC') #>> '{}' as "to"
    from months m order by m.at`;
  return readRows(database, statement, monthSchema);
}
