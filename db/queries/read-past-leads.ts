import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { runQuery, type Database } from '../database.ts';
import type { BacktestSelection } from './backtest-row.ts';

const text = z.string().nullable();
const point = z.object({ lng: z.number(), lat: z.number() }).nullable();

const pastLeadsSchema = z.array(
  z.tuple([
    z.string(), // id
    z.number(), // ms since 1970
    z.string(), // source
    text, // postal code as people write it
    text, // city
    text, // state
    point,
    text, // service
    z.number().nullable(), // score
    text, // location that the source named
    point, // of the edge
    z.array(z.string()), // hashes of the person
    z.enum(['assigned', 'parked', 'duplicate']),
    text, // location that has it
    text, // match level
    text, // parked reason
  ]),
);

export type PastLead = z.output<typeof pastLeadsSchema>[number];

export interface PastLeadsPage {
  readonly selection: Extract<BacktestSelection, { kind: 'past' }>;
  /** Ids after this one; it begins with a time, so it need not be a lead's. */
  readonly cursor: string;
  readonly limit: number;
  /** What makes the hashes of persons unlike those of any other backtest. */
  readonly salt: string;
}

/**
 * Stored leads in the order of their times, with what decides where they go. Who they are stays in Postgres: a person comes as
 * hashes that are made there and mean nothing elsewhere.
 */
export async function readPastLeads(
  database: Database,
  { selection, cursor, limit, salt }: PastLeadsPage,
): Promise<readonly PastLead[]> {
  const { from, to, source, locationId } = selection;
  const statement = sql`
    select coalesce(jsonb_agg(jsonb_build_array(l.id, floor(extract(epoch from l.created_at) * 1000), l.source,
      l.postal_code, l.city, l.state,
      case when l.lng is null then null else jsonb_build_object('lng', l.lng, 'lat', l.lat) end,
      l.service, l.score, l.decision #>> '{inputs,location}',
      case when l.decision ->> 'geoConfidence' = 'ip' then l.decision -> 'place' end,
      (select coalesce(jsonb_agg(encode(substr(sha256(convert_to(${salt}::text || known, 'UTF8')), 1, 12), 'hex')), '[]')
        from (values ('email:' || l.email), ('phone:' || l.phone)) as person (known) where known is not null),
      l.status, l.location_id, l.match_level, l.parked_reason) order by l.id), '[]') as page
    from (
      select * from leads l
      where l.id > ${cursor}::uuid and l.created_at >= uuid_extract_timestamp(${cursor}::uuid)
        and l.created_at >= ${from}::timestamptz and l.created_at < ${to}::timestamptz
        and (${source}::text is null or l.source = ${source}::text)
        and (${locationId}::uuid is null or l.location_id = ${locationId}::uuid)
      order by l.id limit ${limit}::int) l`;
  const { rows } = await runQuery(database.execute(statement));
  return pastLeadsSchema.parse(rows[0]?.['page']);
}
