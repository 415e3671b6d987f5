import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { locationColumns, locationRowSchema, type LocationRow } from './location-row.ts';
import { readRows } from './read-rows.ts';

export interface StoredLocationsQuestion {
  /** In lower case. */
  readonly franchiseCodes: readonly string[];
  readonly ghlLocationIds: readonly string[];
}

/** The locations that have one of these franchise codes, in any case, or one of these sub-accounts. */
export async function readStoredLocations(
  database: Database,
  { franchiseCodes, ghlLocationIds }: StoredLocationsQuestion,
): Promise<LocationRow[]> {
  const statement = sql`
    with wanted as materialized (
      select id, geo_region from location_keys
      where lower(franchise_code) in (select jsonb_array_elements_text(${JSON.stringify(franchiseCodes)}::jsonb))
      union
      select id, geo_region from location_keys
      where ghl_location_id in (select jsonb_array_elements_text(${JSON.stringify(ghlLocationIds)}::jsonb)))
    select ${locationColumns} from wanted w join locations l on l.id = w.id and l.geo_region = w.geo_region`;
  const rows = await readRows(database, statement, z.object({ location: locationRowSchema }));
  return rows.map(({ location }) => location);
}
