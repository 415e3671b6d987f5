import type { Kind } from './source-layout.ts';

/** What is copied into the target before it is merged: the columns of a kind, as text, after its old id. */
export const STAGE_COLUMNS: Readonly<Record<Kind, readonly string[]>> = {
  locations:
    'id geo_region name franchise_code ghl_location_id address city state postal_code country lng lat geo_confidence phone email timezone daily_cap active created_at'.split(
      ' ',
    ),
  leads:
    'id created_at source first_name last_name email phone postal_code country score utm metadata status location_id match_level parked_reason decision updated_at stage delivered_at contacted_at closed_at hashes'.split(
      ' ',
    ),
  routingLogs: 'old_lead_id at detail message_id'.split(' '),
  capacity: 'location_id day used daily_cap'.split(' '),
};

const TYPES: Readonly<Record<string, string>> = {
  id: 'uuid',
  location_id: 'uuid',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
  delivered_at: 'timestamptz',
  contacted_at: 'timestamptz',
  closed_at: 'timestamptz',
  at: 'timestamptz',
  lng: 'double precision',
  lat: 'double precision',
  score: 'double precision',
  utm: 'jsonb',
  metadata: 'jsonb',
  decision: 'jsonb',
  detail: 'jsonb',
  hashes: 'text[]',
  daily_cap: 'integer',
  used: 'integer',
  day: 'date',
  active: 'boolean',
};

export function stageOf(kind: Kind): string {
  return `stage_${kind.toLowerCase()}`;
}

export function createStage(kind: Kind): string {
  const columns = STAGE_COLUMNS[kind].map((column) => `${column} ${TYPES[column] ?? 'text'}`);
  return `create temp table if not exists ${stageOf(kind)} (old_id text, ${columns.join(', ')}) on commit delete rows`;
}

const leadColumns = STAGE_COLUMNS.leads.filter((column) => column !== 'hashes').join(', ');
const locationColumns = STAGE_COLUMNS.locations.join(', ');
const locationChanges = STAGE_COLUMNS.locations
  .filter((column) => column !== 'id' && column !== 'created_at')
  .map((column) => `${column} = s.${column}`)
  .join(', ');

const keepOldIds = (kind: string, id: string, from: string) =>
  `insert into old_ids (kind, old_id, id) select '${kind}', s.old_id, ${id} from ${from}
   on conflict (kind, old_id) do update set id = excluded.id where old_ids.id <> excluded.id`;

/** The last lead of a person and the last that was assigned, each by its time, whatever the order that leads come in. */
export const MERGE_PERSONS = `
  insert into person_keys as p (hash, lead_id, lead_at, location_id, assigned_at)
  select decode(h, 'hex'), (array_agg(s.id order by s.created_at desc, s.id desc))[1], max(s.created_at),
    (array_agg(s.location_id order by s.created_at desc, s.id desc) filter (where s.location_id is not null))[1],
    max(s.created_at) filter (where s.location_id is not null)
  from stage_leads s, unnest(s.hashes) h group by h
  on conflict (hash) do update set
    lead_id = case when excluded.lead_at >= p.lead_at then excluded.lead_id else p.lead_id end,
    lead_at = greatest(p.lead_at, excluded.lead_at),
    location_id = case when excluded.assigned_at >= p.assigned_at or p.assigned_at is null
      then coalesce(excluded.location_id, p.location_id) else p.location_id end,
    assigned_at = greatest(p.assigned_at, excluded.assigned_at)`;

/** Merges a stage into our tables. No trigger of ours and no outbox row tells of it: these leads are no news. */
export const MERGES: Readonly<Record<Kind, readonly string[]>> = {
  locations: [
    `update locations l set ${locationChanges} from stage_locations s where l.id = s.id`,
    `insert into locations (${locationColumns}, directory_version) select ${locationColumns}, 0 from stage_locations s
     where not exists (select from location_keys k where k.id = s.id)`,
    keepOldIds('location', 's.id', 'stage_locations s'),
  ],
  leads: [
    `insert into leads (${leadColumns}) select ${leadColumns} from stage_leads on conflict (id, created_at) do nothing`,
    MERGE_PERSONS,
    keepOldIds('lead', 's.id', 'stage_leads s'),
  ],
  routingLogs: [
    `insert into lead_events (lead_id, at, kind, detail, message_id)
     select o.id, s.at, 'routed_before', s.detail, s.message_id
     from stage_routinglogs s join old_ids o on o.kind = 'lead' and o.old_id = s.old_lead_id
     on conflict (lead_id, kind, message_id) do nothing`,
    keepOldIds(
      'routing_log',
      'o.id',
      `stage_routinglogs s join old_ids o on o.kind = 'lead' and o.old_id = s.old_lead_id`,
    ),
  ],
  capacity: [
    `insert into location_capacity as c (location_id, day, used, daily_cap)
     select location_id, day, used, daily_cap from stage_capacity
     on conflict (location_id, day) do update set used = excluded.used, daily_cap = excluded.daily_cap`,
  ],
};

/** Takes out what the rows with these old ids ($1) were before. A changed lead is written anew: its own triggers see no move. */
export const REMOVALS: Readonly<Record<Exclude<Kind, 'locations' | 'capacity'>, readonly string[]>> = {
  leads: [
    `delete from leads l using old_ids o where o.kind = 'lead' and o.old_id = any ($1::text[])
       and l.id = o.id and l.created_at = uuid_extract_timestamp(o.id)`,
  ],
  routingLogs: [
    `delete from lead_events e using old_ids o where o.kind = 'routing_log' and o.old_id = any ($1::text[])
       and e.lead_id = o.id and e.kind = 'routed_before' and e.message_id = 'scale-up-' || o.old_id`,
    `delete from old_ids where kind = 'routing_log' and old_id = any ($1::text[])`,
  ],
};
