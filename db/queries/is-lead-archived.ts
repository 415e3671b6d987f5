import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Whether a lead that is not found went into the archive with its month. */
export async function isLeadArchived(database: Database, leadId: string): Promise<boolean> {
  const statement = sql`select is_lead_archived(${leadId}::uuid) as archived`;
  const [row] = await readRows(database, statement, z.object({ archived: z.boolean() }));
  return row?.archived ?? false;
}
