import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const planSchema = z.object({
  id: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  onInvalid: z.enum(['reject', 'skip']),
  runnable: z.boolean(),
  summary: z.unknown(),
  geocoding: z.enum(['none', 'pending', 'done', 'gave_up']),
  /** Rows by what became of their address, and by how well their point is known. */
  geocodings: z.record(z.string(), z.number()),
  geoConfidences: z.record(z.string(), z.number()),
});

export type FoundPlan = z.output<typeof planSchema>;

/** A plan without its rows; null for one that is not there or past its time. */
export async function findPlan(database: Database, id: string): Promise<FoundPlan | null> {
  const statement = sql`
    select jsonb_build_object('id', p.id, 'createdAt', p.created_at, 'expiresAt', p.expires_at,
      'onInvalid', p.on_invalid, 'runnable', p.runnable, 'summary', p.summary, 'geocoding', p.geocoding,
      'geocodings', (
        select coalesce(jsonb_object_agg(g.geocoding, g.count), '{}') from (
          select geocoding, count(*) from onboarding_plan_rows where plan_id = p.id and geocoding is not null
          group by geocoding) g),
      'geoConfidences', (
        select coalesce(jsonb_object_agg(c.confidence, c.count), '{}') from (
          select input ->> 'geoConfidence' as confidence, count(*) from onboarding_plan_rows
          where plan_id = p.id and input is not null group by 1) c)) as plan
    from onboarding_plans p where p.id = ${id}::uuid and p.expires_at > now()`;
  const [found] = await readRows(database, statement, z.object({ plan: planSchema }));
  return found?.plan ?? null;
}
