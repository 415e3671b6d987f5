import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Makes the monthly partitions of `leads` from last month to `monthsAhead` from now. @returns those it made */
export async function ensureLeadPartitions(
  database: Database,
  { monthsAhead }: { monthsAhead: number },
): Promise<string[]> {
  const statement = sql`select ensure_lead_partitions(${monthsAhead}::int) as made`;
  const [answer] = await readRows(database, statement, z.object({ made: z.array(z.string()) }));
  return answer?.made ?? [];
}
