import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** How many locations there are, active or not. */
export async function countLocations(database: Database): Promise<number> {
  const statement = sql`select count(*)::int as count from location_keys`;
  const [found] = await readRows(database, statement, z.object({ count: z.number() }));
  return found?.count ?? 0;
}
