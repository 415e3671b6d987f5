import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';

const count = z.int();
const counts = z.record(z.string(), count);
const seconds = z.number().nullable();

/** What is counted for a location and one of its own days. */
export const dayCountsSchema = z.object({
  leads: count.describe('leads that it has and that came on this day'),
  bySource: counts,
  byMatchLevel: counts,
  delivered: count.describe('those of them that came into its sub-account'),
  contacted: count,
  won: count,
  lost: count,
  response: z
    .object({ leads: count, medianSeconds: seconds, averageSeconds: seconds })
    .describe('from delivery, or where nothing was delivered from the lead’s coming, to the first contact'),
  used: count.nullable().describe('seats taken on this day; null where none is known of'),
  dailyCap: count.nullable().describe('the cap in force at the last of them'),
});

const dayRowSchema = z.object({ locationId: z.string(), day: z.string(), counts: dayCountsSchema });

export type DayRow = z.output<typeof dayRowSchema>;

/** Where a page begins: after this row. */
export interface DayCursor {
  readonly locationId: string;
  readonly day: string;
}

export interface DayQuestion {
  /** Days of each location, `YYYY-MM-DD`, both included. */
  readonly from: string;
  readonly to: string;
  /** Null is all. */
  readonly locationIds: readonly string[] | null;
  /** Null is before the first. */
  readonly after: DayCursor | null;
  /** Of the locations from there, in the order of their ids, so many are left out, and so many counted. */
  readonly skip: number;
  readonly take: number;
  readonly limit: number;
}

/** Counts by location and day, in this order; days without leads and seats are left out. */
export async function countLocationDays(database: Database, question: DayQuestion): Promise<DayRow[]> {
  const { from, to, locationIds, skip, take, after, limit } = question;
  const statement = sql`
    with wanted as materialized (
      select k.id, k.timezone,
        ${from}::date::timestamp at time zone k.timezone as starts,
        (${to}::date + 1)::timestamp at time zone k.timezone as ends
      from location_keys k
      where (${locationIds === null}::boolean
          or k.id = any (select jsonb_array_elements_text(${JSON.stringify(locationIds ?? [])}::jsonb)::uuid))
        and (${after?.locationId ?? null}::uuid is null or k.id >= ${after?.locationId ?? null}::uuid)
      order by k.id offset ${skip}::int limit ${take}::int),
    found as materialized (
      select w.id, (l.created_at at time zone w.timezone)::date as day, l.source,
        coalesce(l.match_level, 'unknown') as match_level, l.stage, l.delivered_at, l.contacted_at,
        case when l.contacted_at is not null then
          extract(epoch from greatest(l.contacted_at - coalesce(l.delivered_at, l.created_at), interval '0')) end as response
      from wanted w cross join lateral (
        select created_at, source, match_level, stage, delivered_at, contacted_at from leads
        where location_id = w.id and status = 'assigned' and created_at >= w.starts and created_at < w.ends) l),
    sources as (
      select id, day, jsonb_object_agg(source, leads) as counts
      from (select id, day, source, count(*) as leads from found group by id, day, source) each group by id, day),
    levels as (
      select id, day, jsonb_object_agg(match_level, leads) as counts
      from (select id, day, match_level, count(*) as leads from found group by id, day, match_level) each group by id, day),
    totals as (
      select id, day, count(*) as leads, count(delivered_at) as delivered, count(contacted_at) as contacted,
        count(*) filter (where stage = 'won') as won, count(*) filter (where stage = 'lost') as lost,
        count(response) as responses, avg(response) as average,
        percentile_cont(0.5) within group (order by response) as median
      from found group by id, day),
    seats as (
      select w.id, c.day, c.used, c.daily_cap from wanted w
      join location_capacity c on c.location_id = w.id and c.day between ${from}::date and ${to}::date),
    days as (
      select id, day,
        jsonb_build_object('leads', coalesce(t.leads, 0), 'bySource', coalesce(s.counts, '{}'), 'byMatchLevel', coalesce(m.counts, '{}'),
          'delivered', coalesce(t.delivered, 0), 'contacted', coalesce(t.contacted, 0), 'won', coalesce(t.won, 0),
          'lost', coalesce(t.lost, 0), 'response', jsonb_build_object('leads', coalesce(t.responses, 0),
            'medianSeconds', round(t.median::numeric, 1), 'averageSeconds', round(t.average, 1)),
          'used', c.used, 'dailyCap', c.daily_cap) as counts
      from totals t full join seats c using (id, day) left join sources s using (id, day) left join levels m using (id, day)
      where ${after?.locationId ?? null}::uuid is null
        or (id, day) > (${after?.locationId ?? null}::uuid, ${after?.day ?? null}::date)
      order by id, day limit ${limit}::int)
    select coalesce(jsonb_agg(jsonb_build_object('locationId', id, 'day', day, 'counts', counts) order by id, day), '[]') as page
    from days`;
  const { rows } = await runQuery(database.execute(statement));
  return z.array(dayRowSchema).parse(rows[0]?.['page']);
}
