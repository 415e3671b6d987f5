import type pg from 'pg';
import zipcodes from 'zipcodes';
import { parseState } from '../../edge-router/src/locations/rules/states.ts';
import type { Database } from '../database.ts';
import { upsertLocations } from '../queries/upsert-locations.ts';
import { locationUpsert } from '../testing/location-upsert.ts';

const LOCATIONS = 3388;
export const MONTHS = 12;
/** Months that are filled at once. */
const WORKERS = 2;

interface Place {
  readonly zip: string;
  readonly city: string;
  readonly state: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** Locations and leads of twelve months with all that hangs on them, made in Postgres, the last of them of this minute. */
export async function fillLeads(
  { pool, database }: { pool: pg.Pool; database: Database },
  count: number,
): Promise<void> {
  const places = listPlaces();
  await addLocations(database, places);
  await pool.query(
    `create table filling_places as select row_number() over () - 1 as n, p.* from jsonb_to_recordset($1::jsonb)
    as p (zip text, city text, state text, longitude float8, latitude float8)`,
    [JSON.stringify(places)],
  );
  await pool.query(`create table filling_locations as
    select row_number() over (order by md5(id::text)) - 1 as n, id, ghl_location_id from location_keys`);
  await pool.query('create unique index on filling_places (n); create unique index on filling_locations (n)');
  await pool.query('analyze filling_places, filling_locations');
  await pool.query(`select ensure_past_lead_partitions((now() - make_interval(months => $1))::date, now()::date)`, [
    MONTHS - 1,
  ]);
  const dropped = await dropDeliveryIndexes(pool);
  const months = Array.from({ length: MONTHS }, (_, month) => month);
  const work = async (): Promise<void> => {
    for (let month = months.shift(); month !== undefined; month = months.shift())
      await pool.query('select fill_month($1, $2)', [month, Math.ceil(count / MONTHS)]);
  };
  await pool.query(FILL_MONTH);
  await Promise.all(Array.from({ length: WORKERS }, work));
  for (const index of dropped) await pool.query(index);
  await pool.query('drop function fill_month; drop table filling_places, filling_locations');
  await pool.query('analyze');
}

function listPlaces(): Place[] {
  return Array.from({ length: 99_999 }, (_, n) => zipcodes.lookup(String(n).padStart(5, '0'))).filter(
    (place) => place !== undefined && parseState(place.state)?.country === 'US',
  ) as Place[];
}

async function addLocations(database: Database, places: readonly Place[]): Promise<void> {
  const rows = Array.from({ length: LOCATIONS }, (_, n) => {
    const place = places[Math.floor((n * places.length) / LOCATIONS)];
    const state = place && parseState(place.state);
    if (!place || !state) throw new Error('no place');
    return locationUpsert({
      franchiseCode: `F${n}`,
      city: place.city,
      state: place.state,
      postalCode: place.zip,
      coordinates: { lng: place.longitude, lat: place.latitude },
      geoRegion: state.geoRegion,
      timezone: state.timezones[0] ?? 'America/New_York',
      ghlLocationId: `ghl${n}`,
    });
  });
  await upsertLocations(database, rows);
}

/** They are made again when all rows are there: row by row they would take longer than everything else. */
async function dropDeliveryIndexes(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string; indexdef: string }>(`
    select indexname as name, indexdef from pg_indexes where tablename = 'deliveries' and indexdef not like '%UNIQUE%'`);
  for (const { name } of rows) await pool.query(`drop index ${name}`);
  return rows.map(({ indexdef }) => indexdef);
}

/**
 * Of 1,000 leads 2 wait in the parking lot, 40 are duplicates and the others were assigned, delivered, told of on the time line, and
 * some contacted and won; 10 are on their way a second time, as if HighLevel were away. A few locations have most of the leads. Person n is known by sha256('person-n').
 */
const FILL_MONTH = `
create function fill_month(months_ago integer, wanted integer) returns void language plpgsql as $$
declare
  starts timestamptz := date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' - make_interval(months => months_ago);
  ends timestamptz := least(starts + interval '1 month', now());
  places integer := (select count(*) from filling_places);
  owners integer := (select count(*) from filling_locations);
begin
  create temporary table filled (id uuid, n bigint, status text, location_id uuid, ghl_location_id text) on commit drop;
  with made as materialized (
    select uuidv7(starts + (ends - starts) * ((n + random()) / (wanted + 2)) - clock_timestamp()) as id,
      months_ago::bigint * 100000000 + n as n,
      case when n % 500 = 0 then 'parked' when n % 25 = 1 then 'duplicate' else 'assigned' end as status,
      floor(random() * places)::integer as place, floor(power(random(), 2) * owners)::integer as owner
    from generate_series(1, wanted) n
  ), kept as (
    insert into filled select m.id, m.n, m.status, case when m.status <> 'parked' then o.id end, o.ghl_location_id
    from made m join filling_locations o on o.n = m.owner order by m.id
  )
  insert into leads (id, created_at, source, external_id, first_name, last_name, email, phone, address, city, state, postal_code,
    country, lng, lat, service, score, utm, consent, metadata, status, location_id, assigned_day, match_level, parked_reason,
    rule_version, decision, updated_at, stage, delivered_at, contacted_at)
  select m.id, uuid_extract_timestamp(m.id), (array['website', 'facebook', 'google-ads', 'phone', 'partner'])[1 + m.n % 5],
    m.n::text, 'First' || m.n % 5000, 'Last' || m.n % 70000, 'person-' || m.n || '@example.com', '+1617' || lpad((m.n % 10000000)::text, 7, '0'),
    m.n % 9000 || ' Main Street', p.city, p.state, p.zip, 'US', p.longitude, p.latitude, 'mosquito', m.n % 100,
    '{"source": "google", "medium": "cpc", "campaign": "spring"}', '{"sms": true, "email": true}', null,
    m.status, case when m.status <> 'parked' then o.id end, case when m.status = 'assigned' then starts::date end,
    case when m.status = 'assigned' then 'nearest' end, case when m.status = 'parked' then 'no_location_in_range' end, 1,
    jsonb_build_object('ruleVersion', 1, 'matchLevel', 'nearest', 'place', jsonb_build_object('lng', p.longitude, 'lat', p.latitude),
      'inputs', jsonb_build_object('postalCode', p.zip, 'service', 'mosquito'), 'candidates', (
        select jsonb_agg(jsonb_build_object('locationId', o.id, 'verdict', 'outranked', 'distanceMiles', c * 3.7)) from generate_series(1, 4) c)),
    now(), case when m.status = 'assigned' then case when m.n % 3 = 0 then 'contacted' else 'delivered' end end,
    case when m.status = 'assigned' then uuid_extract_timestamp(m.id) + interval '2 s' end, null
  from made m join filling_places p on p.n = m.place join filling_locations o on o.n = m.owner order by m.id;
  insert into lead_keys (source, external_id, lead_id, body_hash, created_at)
  select (array['website', 'facebook', 'google-ads', 'phone', 'partner'])[1 + f.n % 5], f.n::text, f.id, sha256(f.n::text::bytea),
    uuid_extract_timestamp(f.id) from filled f;
  insert into person_keys (hash, lead_id, lead_at, location_id, assigned_at)
  select sha256(('person-' || f.n)::bytea), f.id, uuid_extract_timestamp(f.id), f.location_id, uuid_extract_timestamp(f.id)
  from filled f where f.status <> 'duplicate';
  insert into lead_events (lead_id, at, kind, detail, message_id)
  select f.id, uuid_extract_timestamp(f.id), k.kind, jsonb_build_object('locationId', f.location_id), k.kind || '-' || f.n
  from filled f cross join (values ('announced'), ('delivered')) k (kind);
  insert into parking_lot (lead_id, lead_at, reason, tried_version, next_try_at)
  select f.id, uuid_extract_timestamp(f.id), 'no_location_in_range', 1, now() + interval '1 hour' from filled f where f.status = 'parked';
  insert into deliveries (id, lead_id, location_id, move, ghl_location_id, status, parts, contact_id, opportunity_id, created_at,
    delivered_at, ended_at)
  select uuidv7(uuid_extract_timestamp(f.id) - clock_timestamp()), f.id, f.location_id, 0, f.ghl_location_id, 'delivered',
    '{"contactSent": true}', 'contact-' || f.n, 'opportunity-' || f.n, uuid_extract_timestamp(f.id),
    uuid_extract_timestamp(f.id) + interval '2 s', uuid_extract_timestamp(f.id) + interval '2 s'
  from filled f where f.status = 'assigned';
  insert into deliveries (lead_id, location_id, move, ghl_location_id, status)
  select f.id, f.location_id, 1, f.ghl_location_id, 'pending' from filled f where f.status = 'assigned' and f.n % 100 = 7;
  drop table filled;
end $$`;
