import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Remembers that a connection was begun; those that nobody came back from are forgotten. */
export async function createOauthState(
  database: Database,
  { stateHash, expiresAt }: { stateHash: string; expiresAt: string },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      with forgotten as (delete from highlevel_oauth_states where expires_at < now())
      insert into highlevel_oauth_states (state_hash, expires_at)
      values (decode(${stateHash}, 'hex'), ${expiresAt}::timestamptz)`),
  );
}
