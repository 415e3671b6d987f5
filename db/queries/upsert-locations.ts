import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** A location as it is imported; its franchise code says which one it is. */
export interface LocationUpsert {
  readonly franchiseCode: string;
  readonly name: string;
  readonly address: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postalCode: string | null;
  readonly country: string;
  readonly coordinates: { readonly lng: number; readonly lat: number };
  readonly geoConfidence: string;
  readonly phone: string | null;
  readonly email: string | null;
  readonly website: string | null;
  readonly timezone: string;
  readonly dailyCap: number | null;
  readonly region: string | null;
  readonly geoRegion: string;
  readonly openingDate: string | null;
  readonly managerName: string | null;
  readonly managerEmail: string | null;
  readonly services: readonly string[];
  /** Null keeps the sub-account that the location has. */
  readonly ghlLocationId: string | null;
  /** Null keeps what it was; a new one is active. */
  readonly active: boolean | null;
  /** As the column `locations.hours` has it; null keeps what the location has, as with the two below. */
  readonly hours: readonly (readonly (readonly [number, number])[])[] | null;
  /** YYYY-MM-DD. */
  readonly holidays: readonly string[] | null;
  readonly conversionRate: number | null;
}

const countsSchema = z.object({ created: z.number(), updated: z.number(), unchanged: z.number() });
const contestedSchema = z.object({ contested: z.array(z.array(z.string())) });

export type UpsertedLocations =
  | ({ readonly kind: 'upserted' } & z.output<typeof countsSchema>)
  /** Locations would share a sub-account, each list the franchise codes of one; nothing was written. */
  | { readonly kind: 'sub_account_taken'; readonly contested: readonly (readonly string[])[] };

/** Upserts up to 10,000 locations by franchise code, in any case, in one call, all or none. Unchanged rows are not touched. */
export async function upsertLocations(
  database: Database,
  locations: readonly LocationUpsert[],
): Promise<UpsertedLocations> {
  const rows = locations.map(({ coordinates, ...location }) => ({ ...location, ...coordinates }));
  const statement = sql`select upsert_locations(${JSON.stringify(rows)}::jsonb) as answer`;
  const schema = z.object({ answer: z.union([countsSchema, contestedSchema]) });
  const [found] = await readRows(database, statement, schema);
  if (!found) throw new Error('upsert_locations answered nothing');
  const { answer } = found;
  return 'contested' in answer ? { kind: 'sub_account_taken', ...answer } : { kind: 'upserted', ...answer };
}
