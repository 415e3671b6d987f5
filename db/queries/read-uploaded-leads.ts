import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const uploadedLeadSchema = z.object({
  row: z.int(),
  atMs: z.number(),
  source: z.string(),
  postalCode: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  coordinates: z.object({ lng: z.number(), lat: z.number() }).nullable(),
  service: z.string().nullable(),
  score: z.number().nullable(),
  location: z.string().nullable(),
  person: z.string().nullable(),
});

/** Leads of a backtest's file from `position` on, in their order. */
export async function readUploadedLeads(
  database: Database,
  { backtestId, position, limit }: { readonly backtestId: string; readonly position: number; readonly limit: number },
): Promise<z.output<typeof uploadedLeadSchema>[]> {
  const statement = sql`
    select lead from backtest_leads where backtest_id = ${backtestId}::uuid and position >= ${position}::int
    order by position limit ${limit}::int`;
  return (await readRows(database, statement, z.object({ lead: uploadedLeadSchema }))).map(({ lead }) => lead);
}
