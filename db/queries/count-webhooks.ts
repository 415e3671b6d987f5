import { sql } from 'drizzle-orm';
import { runQuery, type Database } from '../database.ts';

export interface WebhookCount {
  readonly outcome: string;
  /** Empty where the outcome says it all. */
  readonly reason: string;
  readonly count: number;
}

/** Adds to the day's counts (UTC). */
export async function countWebhooks(database: Database, counts: readonly WebhookCount[]): Promise<void> {
  await runQuery(
    database.execute(sql`
      insert into webhook_counts as held (day, outcome, reason, count, last_at)
      select (now() at time zone 'UTC')::date, c.outcome, c.reason, c.count, now()
      from jsonb_to_recordset(${JSON.stringify(counts)}::jsonb) as c (outcome text, reason text, count bigint)
      order by c.outcome, c.reason
      on conflict (day, outcome, reason) do update set count = held.count + excluded.count, last_at = now()`),
  );
}
