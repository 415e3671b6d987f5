import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Whether INSTALL told that the app is installed in a sub-account, and no later UNINSTALL that it is not. */
export async function isAppInstalled(database: Database, ghlLocationId: string): Promise<boolean> {
  const statement = sql`
    select installed from highlevel_installations where ghl_location_id = ${ghlLocationId}::text`;
  const [found] = await readRows(database, statement, z.object({ installed: z.boolean() }));
  return found?.installed ?? false;
}
