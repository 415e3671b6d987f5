import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Resolves when Postgres answers; throws DatabaseError when it does not. */
export async function checkDatabase(database: Database): Promise<void> {
  await runQuery(database.execute(sql`select 1`));
}
