import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { locationColumns, locationRowSchema, type LocationRow } from './location-row.ts';
import { readRows } from './read-rows.ts';

export interface LocationPage {
  readonly items: readonly LocationRow[];
  readonly nextCursor: string | null;
}

/** Locations in order of id; `cursor` is the last id of the page before. `query`: a part of name, franchise code or city. */
export async function listLocations(
  database: Database,
  { limit, cursor, query }: { limit: number; cursor: string | null; query: string | null },
): Promise<LocationPage> {
  const statement = sql`
    select ${locationColumns} from locations l
    where (${cursor}::uuid is null or l.id > ${cursor}::uuid)
      and (${query}::text is null or position(lower(${query}) in lower(concat_ws(' ', l.name, l.franchise_code, l.city))) > 0)
    order by l.id limit ${limit + 1}::int`;
  const rows = await readRows(database, statement, z.object({ location: locationRowSchema }));
  const items = rows.slice(0, limit).map((row) => row.location);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
