import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { eventSchema, type OnboardingEvent } from './list-onboarding-events.ts';
import { readRows } from './read-rows.ts';

export const batchEventSchema = eventSchema.extend({ row: z.number().nullable() });

export type OnboardingBatchEvent = OnboardingEvent & z.output<typeof batchEventSchema>;

/** What happened in a batch's runs after the event `after` (0: from the start), oldest first. */
export function listOnboardingBatchEvents(
  database: Database,
  { batchId, after, limit }: { batchId: string; after: number; limit: number },
): Promise<OnboardingBatchEvent[]> {
  const statement = sql`
    select e.id as "eventId", e.run_id as "runId", e.row_key as "rowKey", e.step, e.kind, e.detail,
      to_json(e.at) #>> '{}' as at,
      (select r.row_number from onboarding_batch_rows r where r.batch_id = ${batchId}::uuid and r.run_id = e.run_id) as "row"
    from onboarding_events e
    where e.batch = ${batchId}::uuid::text and e.id > ${after}::bigint order by e.id limit ${limit}::int`;
  return readRows(database, statement, batchEventSchema);
}

/** The newest event of a batch; 0 when there is none. */
export async function findLastBatchEvent(database: Database, batchId: string): Promise<number> {
  const statement = sql`
    select coalesce(max(id), 0) as "eventId" from onboarding_events where batch = ${batchId}::uuid::text`;
  const [found] = await readRows(database, statement, z.object({ eventId: z.coerce.number() }));
  return found?.eventId ?? 0;
}
