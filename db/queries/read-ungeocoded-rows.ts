import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const rowSchema = z.object({ rowNumber: z.number(), input: z.unknown() });

/** The next rows of a plan whose address is still to be asked for, in the file's order; none when all are done. */
export function readUngeocodedRows(
  database: Database,
  { planId, limit }: { planId: string; limit: number },
): Promise<z.output<typeof rowSchema>[]> {
  const statement = sql`
    select row_number as "rowNumber", input from onboarding_plan_rows
    where plan_id = ${planId}::uuid and geocoding = 'pending' order by row_number limit ${limit}::int`;
  return readRows(database, statement, rowSchema);
}
