import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import type { BacktestSelection } from './backtest-row.ts';
import { readRows } from './read-rows.ts';

type PastLeads = Extract<BacktestSelection, { kind: 'past' }>;

/** How many stored leads a backtest is about; it stops counting at `limit`. */
export async function countPastLeads(
  database: Database,
  { selection, limit }: { readonly selection: PastLeads; readonly limit: number },
): Promise<number> {
  const { from, to, source, locationId } = selection;
  const statement = sql`
    select count(*)::int as count from (
      select from leads l
      where l.created_at >= ${from}::timestamptz and l.created_at < ${to}::timestamptz
        and (${source}::text is null or l.source = ${source}::text)
        and (${locationId}::uuid is null or l.location_id = ${locationId}::uuid)
      limit ${limit}::int) found`;
  return (await readRows(database, statement, z.object({ count: z.int() })))[0]?.count ?? 0;
}
