import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const outcomeSchema = z.enum(['refreshed', 'busy']);

/** Brings `location_performance_realtime` up to now; `busy` where somebody else is at it. */
export async function refreshLocationPerformance(database: Database): Promise<z.output<typeof outcomeSchema>> {
  const statement = sql`select refresh_location_performance() as outcome`;
  return (await readRows(database, statement, z.object({ outcome: outcomeSchema })))[0]?.outcome ?? 'busy';
}
