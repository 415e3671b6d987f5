import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const stepSchema = z.object({
  /** In the schema `archive`. */
  table: z.string(),
  step: z.enum(['detached', 'events', 'deliveries', 'clocks', 'keys', 'persons']),
  rows: z.number(),
});
export type ArchiveStep = z.output<typeof stepSchema>;

/**
 * One step of archiving the months of leads that ended `keptMonths` whole months ago: a month is detached, or up to `limit` rows of what
 * hangs on it follow. Whoever is stopped in between, the next call goes on. @returns null when nothing is left to do
 */
export async function archiveLeads(
  database: Database,
  { keptMonths, limit }: { readonly keptMonths: number; readonly limit: number },
): Promise<ArchiveStep | null> {
  const statement = sql`select archive_leads(${keptMonths}::integer, ${limit}::integer) as step`;
  const [row] = await readRows(database, statement, z.object({ step: stepSchema.nullable() }));
  return row?.step ?? null;
}
