import { sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { readLocationTuples, type DirectoryLocationRow } from './read-directory-locations.ts';

/** Locations by our ids, franchise codes in lower case or sub-account ids; those that nobody has are left out. */
export function readNamedLocations(database: Database, names: readonly string[]): Promise<DirectoryLocationRow[]> {
  return readLocationTuples(
    database,
    sql`
    select l.* from location_keys k
    join locations l on l.id = k.id and l.geo_region = k.geo_region
    where l.lng is not null
      and (k.id::text = any(array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb)))
        or lower(k.franchise_code) = any(array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb)))
        or k.ghl_location_id = any(array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))))`,
  );
}

export interface NearestLocations {
  readonly coordinates: { readonly lng: number; readonly lat: number };
  readonly radiusMiles: number;
  readonly limit: number;
}

/**
 * The nearest active locations, those inside the radius and, where there are none, the nearest beyond it. Measures every
 * location that is active: for when there is no index to ask.
 */
export function readNearestLocations(
  database: Database,
  { coordinates: { lng, lat }, radiusMiles, limit }: NearestLocations,
): Promise<DirectoryLocationRow[]> {
  return readLocationTuples(
    database,
    sql`
    with measured as (
      select l.id, l.geo_region, 2 * 3958.761333810546 * asin(sqrt(least(1,
          sin(radians(l.lat - ${lat}::float8) / 2) ^ 2
          + cos(radians(l.lat)) * cos(radians(${lat}::float8)) * sin(radians(l.lng - ${lng}::float8) / 2) ^ 2))) as miles
      from locations l where l.active and l.lng is not null
      order by miles limit ${limit}::int
    )
    select l.* from measured m
    join locations l on l.id = m.id and l.geo_region = m.geo_region
    where m.miles <= greatest(${radiusMiles}::float8, (select min(miles) from measured)) + 0.001`,
  );
}
