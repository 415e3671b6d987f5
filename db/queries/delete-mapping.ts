import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** @returns whether there was one */
export async function deleteMapping(database: Database, name: string): Promise<boolean> {
  const statement = sql`delete from onboarding_mappings where name = ${name} returning name`;
  const deleted = await readRows(database, statement, z.object({ name: z.string() }));
  return deleted.length > 0;
}
