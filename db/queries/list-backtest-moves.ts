import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export const backtestMoveSchema = z.object({
  position: z.int(),
  leadId: z.string().nullable(),
  row: z.int().nullable().describe('of the file'),
  postalCode: z.string().nullable(),
  from: z.string().nullable().describe('the location that has it before; null is the parking lot'),
  to: z.string().nullable(),
});

/** The leads that go to somebody else, in the order of their times; `from` and `to` are locations that it is about. */
export async function listBacktestMoves(
  database: Database,
  {
    backtestId,
    from,
    to,
    cursor,
    limit,
  }: {
    readonly backtestId: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly cursor: number;
    readonly limit: number;
  },
): Promise<{ items: z.output<typeof backtestMoveSchema>[]; nextCursor: string | null }> {
  const statement = sql`
    select jsonb_build_object('position', position, 'leadId', lead_id, 'row', source_row, 'postalCode', postal_code,
      'from', from_location, 'to', to_location) as move
    from backtest_moves
    where backtest_id = ${backtestId}::uuid and position > ${cursor}::int
      and (${from}::uuid is null or from_location = ${from}::uuid) and (${to}::uuid is null or to_location = ${to}::uuid)
    order by position limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ move: backtestMoveSchema }));
  const items = rows.slice(0, limit).map(({ move }) => move);
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.position ?? '') : null };
}
