import { sql, type SQL } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';

const rowsSchema = z.array(
  z.tuple([
    z.string(), // id
    z.string(), // name
    z.string(), // franchise code
    z.string().nullable(), // sub-account
    z.number(), // lng
    z.number(), // lat
    z.string().nullable(), // city
    z.string().nullable(), // state
    z.string().nullable(), // postal code
    z.string(), // time zone
    z.array(z.string()), // services
    z.boolean(), // active
    z.boolean(), // paused
    z.number().nullable(), // daily cap
    z.array(z.array(z.tuple([z.number(), z.number()]))).nullable(), // hours
    z.array(z.string()), // holidays
    z.number().nullable(), // conversion rate
  ]),
);

export type DirectoryLocationRow = z.output<typeof rowsSchema>[number];

export interface DirectoryPage {
  /** Null reads all locations, else those changed after this version. */
  readonly sinceVersion: number | null;
  readonly afterId: string | null;
  readonly limit: number;
}

/** A page of the locations as the directory needs them, as tuples and in order of id. One without a point is left out. */
export function readDirectoryLocations(
  database: Database,
  { sinceVersion, afterId, limit }: DirectoryPage,
): Promise<DirectoryLocationRow[]> {
  return readLocationTuples(
    database,
    sql`
    select * from locations
    where directory_version > ${sinceVersion ?? 0}::bigint and lng is not null
      and (${afterId}::uuid is null or id > ${afterId}::uuid)
    order by id limit ${limit}::int`,
  );
}

/** The locations that `selection` selects (all columns), as tuples in order of id. */
export async function readLocationTuples(database: Database, selection: SQL): Promise<DirectoryLocationRow[]> {
  const statement = sql`
    select coalesce(jsonb_agg(jsonb_build_array(id, name, franchise_code, ghl_location_id, lng, lat, city, state,
      postal_code, timezone, services, active, paused, daily_cap, hours, holidays,
      conversion_rate) order by id), '[]') as page
    from (${selection}) page`;
  const { rows } = await runQuery(database.execute(statement));
  return rowsSchema.parse(rows[0]?.['page']);
}
