import { randomBytes } from 'node:crypto';
import type pg from 'pg';

/** A lead as reports see it. */
export interface PlainLead {
  readonly locationId: string | null;
  readonly createdMs: number;
  readonly status: 'assigned' | 'parked' | 'duplicate';
  readonly source: string;
  readonly matchLevel: string | null;
  readonly stage: 'delivered' | 'contacted' | 'won' | 'lost' | null;
  readonly deliveredMs: number | null;
  readonly contactedMs: number | null;
}

/** Stores leads as they are, past the router. */
export async function storeLeads(pool: pg.Pool, leads: readonly PlainLead[]): Promise<void> {
  await pool.query(
    `insert into leads (id, created_at, source, status, location_id, match_level, stage, delivered_at, contacted_at)
     select l.id, uuid_extract_timestamp(l.id), l.source, l.status, l."locationId", l."matchLevel", l.stage,
       to_timestamp(l."deliveredMs" / 1000.0), to_timestamp(l."contactedMs" / 1000.0)
     from jsonb_to_recordset($1) as l (id uuid, source text, status text, "locationId" uuid, "matchLevel" text, stage text,
       "deliveredMs" bigint, "contactedMs" bigint)`,
    [JSON.stringify(leads.map((lead) => ({ ...lead, id: idAt(lead.createdMs) })))],
  );
}

/** All leads that are stored. */
export async function readLeads(pool: pg.Pool): Promise<PlainLead[]> {
  const { rows } = await pool.query<{ lead: PlainLead }>(
    `select jsonb_build_object('locationId', location_id, 'createdMs', floor(extract(epoch from created_at) * 1000),
       'status', status, 'source', source, 'matchLevel', match_level, 'stage', stage,
       'deliveredMs', extract(epoch from delivered_at) * 1000, 'contactedMs', extract(epoch from contacted_at) * 1000) as lead
     from leads`,
  );
  return rows.map(({ lead }) => lead);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** YYYY-MM-DD in a zone, by the runtime's own tables and not by Postgres'. */
export function localDay(ms: number, timeZone: string): string {
  const known = formats.get(timeZone);
  const format =
    known ?? new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(timeZone, format);
  return format.format(ms);
}

/** A UUIDv7 of this time. */
function idAt(ms: number): string {
  const time = ms.toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
}
