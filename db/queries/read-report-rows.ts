import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';
import { dayCountsSchema, type DayCursor, type DayRow } from './count-location-days.ts';

const rowsSchema = z.array(z.object({ locationId: z.string(), day: z.string(), counts: dayCountsSchema }));

/** Rows of a kept report, by location and day. */
export async function readReportRows(
  database: Database,
  { reportId, after, limit }: { readonly reportId: string; readonly after: DayCursor | null; readonly limit: number },
): Promise<DayRow[]> {
  const statement = sql`
    select coalesce(jsonb_agg(jsonb_build_object('locationId', location_id, 'day', day, 'counts', counts)
      order by location_id, day), '[]') as page
    from (
      select location_id, day, counts from analytics_report_rows
      where report_id = ${reportId}::uuid and (${after?.locationId ?? null}::uuid is null
        or (location_id, day) > (${after?.locationId ?? null}::uuid, ${after?.day ?? null}::date))
      order by location_id, day limit ${limit}::int) page`;
  const { rows } = await runQuery(database.execute(statement));
  return rowsSchema.parse(rows[0]?.['page']);
}
