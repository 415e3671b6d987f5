import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';

const share = z.number().nullable();

export const locationPerformanceSchema = z.object({
  location: z.object({ id: z.string(), name: z.string(), franchiseCode: z.string() }),
  day: z.string().describe('the location’s own day'),
  leadsToday: z.int().describe('leads that it has and that came on this day'),
  conversions: z.int().describe('those of them that are won'),
  conversionRate: share.describe('conversions by leads; null without leads'),
  used: z.int().describe('seats taken'),
  dailyCap: z.int().nullable(),
  utilisation: share.describe('seats taken by the daily cap, more than 1 where it is overrun; null without a cap'),
});

const pageSchema = z.object({
  items: z.array(locationPerformanceSchema),
  refreshedAt: z.string(),
  ageSeconds: z.number(),
});

export interface LocationPerformancePage {
  readonly items: readonly z.output<typeof locationPerformanceSchema>[];
  readonly nextCursor: string | null;
  readonly refreshedAt: string;
  readonly ageSeconds: number;
}

/** A page of `location_performance_realtime` in the order of locations' ids, with the time it is as of. */
export async function readLocationPerformance(
  database: Database,
  {
    locationIds,
    cursor,
    limit,
  }: {
    /** Null is all. */
    readonly locationIds: readonly string[] | null;
    /** The last location of the page before. */
    readonly cursor: string | null;
    readonly limit: number;
  },
): Promise<LocationPerformancePage> {
  const statement = sql`
    select jsonb_build_object(
      'refreshedAt', r.refreshed_at, 'ageSeconds', floor(extract(epoch from now() - r.refreshed_at)),
      'items', coalesce((
        select jsonb_agg(jsonb_build_object(
          'location', jsonb_build_object('id', p.location_id, 'name', l.name, 'franchiseCode', l.franchise_code),
          'day', p.day, 'leadsToday', p.leads_today, 'conversions', p.conversions, 'conversionRate', p.conversion_rate,
          'used', p.used, 'dailyCap', p.daily_cap, 'utilisation', p.utilisation) order by p.location_id)
        from (
          select * from location_performance_realtime
          where (${cursor}::uuid is null or location_id > ${cursor}::uuid)
            and (${locationIds === null}::boolean
              or location_id = any (select jsonb_array_elements_text(${JSON.stringify(locationIds ?? [])}::jsonb)::uuid))
          order by location_id limit ${limit + 1}::int) p
        join location_keys k on k.id = p.location_id
        join locations l on l.id = k.id and l.geo_region = k.geo_region), '[]')) as page
    from location_performance_refreshes r`;
  const { rows } = await runQuery(database.execute(statement));
  const page = pageSchema.parse(rows[0]?.['page']);
  const items = page.items.slice(0, limit);
  const nextCursor = page.items.length > limit ? (items.at(-1)?.location.id ?? null) : null;
  return { ...page, items, nextCursor };
}
