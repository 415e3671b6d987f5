import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';

const place = z.tuple([z.string(), z.number()]).nullable();
/** The hash, and for either side the location of the last assignment and its time in ms. */
const personsSchema = z.array(z.tuple([z.string(), z.tuple([place, place])]));

export type BacktestPersons = z.output<typeof personsSchema>;

/** Where these persons are by now; unknown ones are left out. */
export async function readBacktestPersons(
  database: Database,
  { backtestId, hashes }: { readonly backtestId: string; readonly hashes: readonly string[] },
): Promise<BacktestPersons> {
  const statement = sql`
    select coalesce(jsonb_agg(jsonb_build_array(hash, places)), '[]') as page from backtest_persons
    where backtest_id = ${backtestId}::uuid
      and hash in (select jsonb_array_elements_text(${JSON.stringify(hashes)}::jsonb))`;
  const { rows } = await runQuery(database.execute(statement));
  return personsSchema.parse(rows[0]?.['page']);
}
