import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { territoryRowColumns, territoryRowSchema } from './list-territory-rows.ts';
import { readRows } from './read-rows.ts';

const claimSchema = territoryRowSchema.extend({
  version: z.int(),
  status: z.enum(['draft', 'published']),
  effectiveAtMs: z.coerce.number().nullable(),
  name: z.string(),
  active: z.boolean(),
  paused: z.boolean(),
});
export type TerritoryClaim = z.output<typeof claimSchema>;

export interface TerritoryPlace {
  /** Five digits; null where the code is no ZIP. */
  readonly zip: string | null;
  /** [kind, value] as stored, of the postal code and the areas around it. */
  readonly areas: readonly (readonly [kind: string, value: string])[];
}

/** Rows of these versions that a place lies in, with their owners. */
export async function findTerritoryClaims(
  database: Database,
  { versions, place }: { versions: readonly number[]; place: TerritoryPlace },
): Promise<TerritoryClaim[]> {
  const statement = sql`
    select v.version, v.status, ceil(extract(epoch from v.effective_at) * 1000) as "effectiveAtMs", l.name, k.active,
      k.paused, ${territoryRowColumns}
    from territory_versions v
    join territories t on t.version = v.rows_version
    join location_keys k on k.id = t.location_id
    join locations l on l.id = k.id and l.geo_region = k.geo_region
    where v.version in (select jsonb_array_elements(${JSON.stringify(versions)}::jsonb)::int)
      and ((t.kind, t.value) in (
          select a->>0, a->>1 from jsonb_array_elements(${JSON.stringify(place.areas)}::jsonb) a)
        or (t.kind = 'zip_range' and left(t.value, 5) <= ${place.zip}::text and right(t.value, 5) >= ${place.zip}::text))`;
  const rowSchema = claimSchema.omit({
    row: true,
    kind: true,
    value: true,
    locationId: true,
    franchiseCode: true,
    exclusive: true,
    firstDay: true,
    lastDay: true,
  });
  const rows = await readRows(database, statement, rowSchema.extend({ found: territoryRowSchema }));
  return rows.map(({ found, ...version }) => ({ ...found, ...version }));
}
