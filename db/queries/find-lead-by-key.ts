import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** The lead that a source knows under this id of its own; null where none came. */
export async function findLeadByKey(
  database: Database,
  { source, externalId }: { readonly source: string; readonly externalId: string },
): Promise<string | null> {
  const statement = sql`
    select lead_id as "leadId" from lead_keys where source = ${source} and external_id = ${externalId}`;
  const [found] = await readRows(database, statement, z.object({ leadId: z.string() }));
  return found?.leadId ?? null;
}
