import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Ends a clock as missed, with time line and news. False where it was ended before. */
export async function missLeadClock(
  database: Database,
  {
    leadId,
    move,
    detail,
  }: { readonly leadId: string; readonly move: number; readonly detail: Readonly<Record<string, unknown>> },
): Promise<boolean> {
  const statement = sql`
    select miss_lead_clock(${leadId}::uuid, ${move}::integer, ${JSON.stringify(detail)}::jsonb) as missed`;
  const [row] = await readRows(database, statement, z.object({ missed: z.boolean() }));
  return row?.missed ?? false;
}
