import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';

const kindSchema = z.enum(['zip', 'zip_range', 'city', 'county', 'state']);
const day = z.string().nullable();
const pageSchema = z.array(
  z.union([
    z.tuple([kindSchema, z.string(), z.string(), z.boolean(), day, day]),
    z.tuple([kindSchema, z.string(), z.string(), z.boolean(), day, day, z.array(z.number())]),
  ]),
);

export interface TerritoryPage {
  /** Whose rows. A row that all of them have comes without its versions. */
  readonly versions: readonly number[];
  /** With these no row is common to all: there is a time before the first of them. */
  readonly hasTimeBefore: boolean;
  /** YYYY-MM-DD: rows that ended before it are left out. */
  readonly since: string;
  readonly after: { readonly kind: string; readonly value: string } | null;
  readonly limit: number;
}

/**
 * A page of territories: [kind, value, location id, exclusive, first day, first day no more, versions?], in order of kind
 * and value. All rows of one kind and value come together, so that a page may be a little longer than `limit`.
 */
export async function readTerritories(
  database: Database,
  { versions, hasTimeBefore, since, after, limit }: TerritoryPage,
): Promise<z.output<typeof pageSchema>> {
  const statement = sql`
    select coalesce(jsonb_agg(
      jsonb_build_array(kind, value, location_id, exclusive, effective_from, effective_to)
        || case when shared then '[]' else jsonb_build_array(versions) end order by kind, value, effective_from), '[]') as page
    from (
      select kind, value, location_id, exclusive, effective_from, effective_to, jsonb_agg(version order by version) as versions,
        count(*) = ${versions.length}::int and not ${hasTimeBefore}::boolean as shared
      from territories
      where version in (select jsonb_array_elements(${JSON.stringify(versions)}::jsonb)::int)
        and (effective_to is null or effective_to > ${since}::date)
        and (kind, value) > (${after?.kind ?? ''}, ${after?.value ?? ''})
      group by kind, value, location_id, exclusive, effective_from, effective_to
      order by kind, value fetch first (${limit}::int) rows with ties
    ) page`;
  const { rows } = await runQuery(database.execute(statement));
  return pageSchema.parse(rows[0]?.['page']);
}
