import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const rowSchema = z.object({ hash: z.string(), locationId: z.string(), assignedAtMs: z.number() });

export type PersonLocation = z.output<typeof rowSchema>;

/** The location that each person was last assigned to, by keyed hash in hex; unknown persons are left out. */
export function readPersonLocations(database: Database, hashes: readonly string[]): Promise<PersonLocation[]> {
  const statement = sql`
    select encode(hash, 'hex') as hash, location_id as "locationId",
      (extract(epoch from assigned_at) * 1000)::float8 as "assignedAtMs"
    from person_keys
    where location_id is not null and assigned_at is not null and hash in (
      select decode(value, 'hex') from jsonb_array_elements_text(${JSON.stringify(hashes)}::jsonb) as hashes (value))`;
  return readRows(database, statement, rowSchema);
}
