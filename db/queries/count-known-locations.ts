import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

const countSchema = z.object({ locations: z.int(), unknown: z.array(z.string()) });

/** How many of these locations there are, of all where `ids` is null; and which there are not. */
export async function countKnownLocations(
  database: Database,
  ids: readonly string[] | null,
): Promise<z.output<typeof countSchema>> {
  const given = sql`select jsonb_array_elements_text(${JSON.stringify(ids ?? [])}::jsonb)::uuid as id`;
  const statement =
    ids === null
      ? sql`select count(*)::int as locations, '[]'::jsonb as unknown from location_keys`
      : sql`
        select count(k.id)::int as locations, coalesce(jsonb_agg(g.id) filter (where k.id is null), '[]') as unknown
        from (${given}) g left join location_keys k using (id)`;
  return (await readRows(database, statement, countSchema))[0] ?? { locations: 0, unknown: [] };
}
