import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Uses up a state; false where it was never begun, is used already, or is too old. */
export async function takeOauthState(database: Database, stateHash: string): Promise<boolean> {
  const statement = sql`
    delete from highlevel_oauth_states where state_hash = decode(${stateHash}, 'hex')
    returning expires_at > now() as fresh`;
  const [row] = await readRows(database, statement, z.object({ fresh: z.boolean() }));
  return row?.fresh ?? false;
}
