import { sql, type SQL } from 'drizzle-orm';
import * as z from 'zod';
import { violates, type Database } from '../database.ts';
import { locationColumns, locationRowSchema, type LocationRow } from './location-row.ts';
import { readRows } from './read-rows.ts';

/** What is not given stays. Null is no limit, or no sub-account. */
export interface LocationPatch {
  readonly active?: boolean | undefined;
  readonly paused?: boolean | undefined;
  readonly dailyCap?: number | null | undefined;
  readonly services?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly timezone?: string | undefined;
  readonly ghlLocationId?: string | null | undefined;
  /** As the column `locations.hours` has it; null is open at all times. */
  readonly hours?: readonly (readonly (readonly [number, number])[])[] | null | undefined;
  /** YYYY-MM-DD. */
  readonly holidays?: readonly string[] | undefined;
  readonly conversionRate?: number | null | undefined;
}

export type UpdatedLocation =
  | { readonly kind: 'updated'; readonly location: LocationRow }
  | { readonly kind: 'unknown' }
  /** Another location has the sub-account; nothing was written. */
  | { readonly kind: 'sub_account_taken' };

/** Changes what is given, at least one field. Values that are there already do not move the directory's version. */
export async function updateLocation(
  database: Database,
  { locationId, patch }: { locationId: string; patch: LocationPatch },
): Promise<UpdatedLocation> {
  const statement = sql`
    update locations l set ${sql.join(buildAssignments(patch), sql`, `)}
    where l.id = ${locationId}::uuid
      and l.geo_region = (select geo_region from location_keys where id = ${locationId}::uuid)
    returning ${locationColumns}`;
  try {
    const [updated] = await readRows(database, statement, z.object({ location: locationRowSchema }));
    return updated ? { kind: 'updated', location: updated.location } : { kind: 'unknown' };
  } catch (error) {
    if (violates(error, 'location_keys_ghl_location_id_key')) return { kind: 'sub_account_taken' };
    throw error;
  }
}

function buildAssignments(patch: LocationPatch): SQL[] {
  const { active, paused, dailyCap, services, name, timezone, ghlLocationId, hours, holidays, conversionRate } = patch;
  const assignments: SQL[] = [];
  if (active !== undefined) assignments.push(sql`active = ${active}::boolean`);
  if (paused !== undefined) assignments.push(sql`paused = ${paused}::boolean`);
  if (dailyCap !== undefined) assignments.push(sql`daily_cap = ${dailyCap}::int`);
  if (services !== undefined) {
    assignments.push(sql`services = array(select jsonb_array_elements_text(${JSON.stringify(services)}::jsonb))`);
  }
  if (name !== undefined) assignments.push(sql`name = ${name}::text`);
  if (timezone !== undefined) assignments.push(sql`timezone = ${timezone}::text`);
  if (ghlLocationId !== undefined) assignments.push(sql`ghl_location_id = ${ghlLocationId}::text`);
  if (hours !== undefined) {
    assignments.push(sql`hours = ${hours === null ? null : JSON.stringify(hours)}::jsonb`);
  }
  if (holidays !== undefined) {
    assignments.push(sql`holidays = array(select jsonb_array_elements_text(${JSON.stringify(holidays)}::jsonb)::date)`);
  }
  if (conversionRate !== undefined) assignments.push(sql`conversion_rate = ${conversionRate}::double precision`);
  return assignments;
}
