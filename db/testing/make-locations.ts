import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Database } from '../database.ts';
import { upsertLocations, type LocationUpsert } from '../queries/upsert-locations.ts';
import { locationUpsert } from './location-upsert.ts';

/** Imports one location for each of `given`, with codes of its own. @returns their ids, in that order */
export async function makeLocations(
  { pool, database }: { pool: pg.Pool; database: Database },
  given: readonly Partial<LocationUpsert>[],
): Promise<string[]> {
  const rows = given.map((fields) => locationUpsert({ ...fields, franchiseCode: randomUUID() }));
  await upsertLocations(database, rows);
  const { rows: found } = await pool.query<{ id: string; franchise_code: string }>(
    'select id, franchise_code from location_keys where franchise_code = any ($1)',
    [rows.map(({ franchiseCode }) => franchiseCode)],
  );
  const ids = new Map(found.map(({ id, franchise_code }) => [franchise_code, id]));
  return rows.map(({ franchiseCode }) => ids.get(franchiseCode) ?? '');
}

/** Seats used today and on all other days, by location; 0 where none were. */
export async function countSeats(pool: pg.Pool, locationIds: readonly string[]): Promise<number[]> {
  const { rows } = await pool.query<{ used: number }>(
    `select coalesce(sum(c.used), 0)::int as used
    from unnest($1::uuid[]) with ordinality wanted (id, place)
    left join location_capacity c on c.location_id = wanted.id group by wanted.place order by wanted.place`,
    [locationIds],
  );
  return rows.map(({ used }) => used);
}
