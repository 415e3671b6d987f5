import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** Deletes up to `limit` rows of reports that are over and older than `keptDays`, and those that have none left. @returns how many went */
export async function purgeReports(
  database: Database,
  { keptDays, limit }: { readonly keptDays: number; readonly limit: number },
): Promise<number> {
  const statement = sql`
    with old as materialized (
      select id from analytics_reports
      where status <> 'running' and created_at < now() - make_interval(days => ${keptDays}::int)),
    rows as (
      delete from analytics_report_rows where (report_id, location_id, day) in (
        select r.report_id, r.location_id, r.day from analytics_report_rows r join old on old.id = r.report_id
        limit ${limit}::int)
      returning 1),
    reports as (
      delete from analytics_reports where id in (
        select id from old where not exists (select from analytics_report_rows r where r.report_id = old.id))
      returning 1)
    select (select count(*) from rows)::int + (select count(*) from reports)::int as count`;
  return (await readRows(database, statement, z.object({ count: z.int() })))[0]?.count ?? 0;
}
