import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

/** Gives a message that QStash did not take back, to be sent again after a pause. */
export async function releaseOutboxMessage(
  database: Database,
  { id, retryAfterSeconds }: { id: string; retryAfterSeconds: number },
): Promise<void> {
  await runQuery(
    database.execute(sql`
      update outbox_messages set claimed_until = now() + make_interval(secs => ${retryAfterSeconds}::int)
      where id = ${id}::uuid`),
  );
}
