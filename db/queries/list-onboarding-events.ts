import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export const eventSchema = z.object({
  eventId: z.coerce.number(),
  runId: z.string(),
  rowKey: z.string(),
  step: z.string().nullable(),
  kind: z.string(),
  detail: z.record(z.string(), z.unknown()),
  at: z.string(),
});

export type OnboardingEvent = z.output<typeof eventSchema>;

/** What happened to a run after the event `after` (0: from the start), oldest first. */
export function listOnboardingEvents(
  database: Database,
  { runId, after, limit }: { runId: string; after: number; limit: number },
): Promise<OnboardingEvent[]> {
  const statement = sql`
    select id as "eventId", run_id as "runId", row_key as "rowKey", step, kind, detail, to_json(at) #>> '{}' as at
    from onboarding_events where run_id = ${runId}::uuid and id > ${after}::bigint order by id limit ${limit}::int`;
  return readRows(database, statement, eventSchema);
}
