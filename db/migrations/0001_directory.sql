-- The directory: locations, who owns which postal code, the rules and the API keys. Small, read often, changed rarely.
-- Isolates hold copies of it, so every change is counted: see directory_state.

-- One row. `version` grows by one per transaction that changes the directory; the others hold the version at which
-- that part last changed. Writers hold this row until they commit, so versions become visible in order: whoever reads
-- version V finds every change up to V.
create table directory_state (
  only_row boolean primary key default true check (only_row),
  version bigint not null default 1,
  territories_version bigint not null default 1,
  rules_version bigint not null default 1,
  keys_version bigint not null default 1
);
insert into directory_state default values;

-- Takes the lock before a statement locks rows of its own: all writers lock in the same order and cannot deadlock.
create function hold_directory() returns trigger language plpgsql as $$
begin
  perform 1 from directory_state for update;
  return null;
end $$;

-- Counts the running transaction as one change, however often it is called, and answers the version it made.
create function bump_directory(part text) returns bigint language plpgsql as $$
declare
  bumped bigint := nullif(current_setting('switchyard.bumped', true), '')::bigint;
begin
  if bumped is null then
    update directory_state set version = version + 1 returning version into bumped;
    perform set_config('switchyard.bumped', bumped::text, true);
  end if;
  if part <> 'locations' and current_setting('switchyard.bumped_' || part, true) is distinct from bumped::text then
    update directory_state set
      territories_version = case part when 'territories' then bumped else territories_version end,
      rules_version = case part when 'rules' then bumped else rules_version end,
      keys_version = case part when 'keys' then bumped else keys_version end;
    perform set_config('switchyard.bumped_' || part, bumped::text, true);
  end if;
  return bumped;
end $$;

create function bump_directory_part() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or new is distinct from old then
    perform bump_directory(tg_argv[0]);
  end if;
  return null;
end $$;

-- Locations ---------------------------------------------------------------------------------------------------------

create table locations (
  id uuid not null default uuidv7(),
  geo_region text not null,
  name text not null check (name <> ''),
  franchise_code text not null check (franchise_code <> ''),
  ghl_location_id text check (ghl_location_id <> ''),
  address text,
  city text,
  state text,
  postal_code text,
  country text not null,
  lng double precision check (lng between -180 and 180),
  lat double precision check (lat between -90 and 90),
  geo_confidence text check (geo_confidence in ('rooftop', 'zip', 'city', 'state')),
  phone text,
  email text,
  website text,
  timezone text not null,
  daily_cap integer check (daily_cap >= 0),
  region text,
  opening_date date,
  manager_name text,
  manager_email text,
  services text[] not null default '{}',
  active boolean not null default true,
  paused boolean not null default false,
  directory_version bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (id, geo_region),
  check ((lng is null) = (lat is null))
) partition by list (geo_region);

-- The Census Bureau's four regions, the US territories, Canada, the rest; the Worker names a location's region by its state.
create table locations_northeast partition of locations for values in ('northeast');
create table locations_midwest partition of locations for values in ('midwest');
create table locations_south partition of locations for values in ('south');
create table locations_west partition of locations for values in ('west');
create table locations_territories partition of locations for values in ('territories');
create table locations_canada partition of locations for values in ('canada');
create table locations_other partition of locations default;

create index locations_directory_version on locations (directory_version, id);

-- What must be unique over all partitions, the way from an id to its partition, and beside it the four facts that an
-- assignment needs: it reads this one row and opens no partition (measured: a fifth of its time). Written by the trigger
-- below only. The sub-account's constraint can be deferred, so that one import may swap the sub-accounts of two locations.
create table location_keys (
  id uuid primary key,
  geo_region text not null,
  franchise_code text not null constraint location_keys_franchise_code_key unique,
  ghl_location_id text constraint location_keys_ghl_location_id_key unique deferrable initially immediate,
  timezone text not null,
  daily_cap integer,
  active boolean not null,
  paused boolean not null
);

-- A changed state moves a row to another partition: Postgres then fires UPDATE on the old partition and INSERT on the
-- new one. The first has already moved the keys, so the second must find them there; any other id that is taken is a
-- mistake.
create function keep_location_keys() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    update location_keys set id = new.id, geo_region = new.geo_region, franchise_code = new.franchise_code,
      ghl_location_id = new.ghl_location_id, timezone = new.timezone, daily_cap = new.daily_cap, active = new.active,
      paused = new.paused
    where id = old.id and new is distinct from old;
    return new;
  end if;
  if not exists (
    select from location_keys k
    where (k.id, k.geo_region, k.franchise_code) = (new.id, new.geo_region, new.franchise_code)
  ) then
    insert into location_keys (id, geo_region, franchise_code, ghl_location_id, timezone, daily_cap, active, paused)
    values (new.id, new.geo_region, new.franchise_code, new.ghl_location_id, new.timezone, new.daily_cap, new.active,
      new.paused);
  end if;
  return new;
end $$;

create function stamp_location() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new is not distinct from old then
    return new;
  end if;
  -- Fails for a zone Postgres does not know: better here than in the middle of an assignment.
  perform now() at time zone new.timezone;
  new.directory_version := bump_directory('locations');
  new.updated_at := now();
  return new;
end $$;

-- A deleted location would stay in every copy of the directory, because nobody could read that it went.
create function refuse_location_delete() returns trigger language plpgsql as $$
begin
  raise exception 'locations are made inactive, never deleted' using errcode = 'restrict_violation';
end $$;

create trigger locations_1_hold before insert or update on locations
  for each statement execute function hold_directory();
create trigger locations_2_keys before insert or update on locations
  for each row execute function keep_location_keys();
create trigger locations_3_stamp before insert or update on locations
  for each row execute function stamp_location();
create trigger locations_delete before delete on locations
  for each statement execute function refuse_location_delete();

-- Territories -------------------------------------------------------------------------------------------------------

-- Who owns which place, as versions. The published one with the latest `effective_at` gone by is in effect. A version that
-- restores another shares its rows, named by `rows_version`. `report` is what an import was told of overlaps and gaps.
create table territory_versions (
  version integer primary key check (version > 0),
  rows_version integer not null,
  total integer not null,
  report jsonb not null check (jsonb_typeof(report) = 'object'),
  status text not null default 'draft' check (status in ('draft', 'published')),
  created_at timestamptz not null default now(),
  effective_at timestamptz,
  published_at timestamptz,
  check (status = 'draft' or (effective_at is not null and published_at is not null))
);

-- Inside a version a value has one owner on any day, which import_territories sees to: an exclusion constraint would take
-- five times as long as the import. `effective_to` is the first day it is not the owner's any more, `row` the file's line.
-- Owners are looked up by the import, and locations are never deleted.
create table territories (
  version integer not null references territory_versions (version) on delete cascade,
  row integer not null,
  kind text not null check (kind in ('zip', 'zip_range', 'city', 'county', 'state')),
  value text not null check (value <> ''),
  location_id uuid not null,
  exclusive boolean not null default false,
  effective_from date,
  effective_to date,
  primary key (version, row),
  check (effective_to > effective_from),
  constraint territories_one_owner unique nulls not distinct (version, kind, value, effective_from)
);

create function keep_published_territories() returns trigger language plpgsql as $$
begin
  if old.status = 'published' then
    raise exception 'published territories never change: publish a new version' using errcode = 'restrict_violation';
  end if;
  return coalesce(new, old);
end $$;

-- Rows come with their version and go with their draft.
create function keep_territory_rows() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' or exists (
    select from territory_versions v where v.version = old.version and v.status = 'published'
  ) then
    raise exception 'rows of a version never change' using errcode = 'restrict_violation';
  end if;
  return old;
end $$;

-- Once for all rows of a statement.
create function refuse_late_territories() returns trigger language plpgsql as $$
begin
  if exists (
    select from territory_versions v where v.status = 'published' and v.version in (select a.version from added a)
  ) then
    raise exception 'rows of a version never change' using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

create function bump_published_territories() returns trigger language plpgsql as $$
begin
  perform bump_directory('territories');
  return null;
end $$;

create trigger territory_versions_keep before update or delete on territory_versions
  for each row execute function keep_published_territories();
create trigger territory_versions_bump after insert or update on territory_versions
  for each row when (new.status = 'published') execute function bump_published_territories();
create trigger territories_keep before update or delete on territories
  for each row execute function keep_territory_rows();
create trigger territories_late after insert on territories referencing new table as added
  for each statement execute function refuse_late_territories();

-- Rules -------------------------------------------------------------------------------------------------------------

create table rules (
  version integer primary key check (version > 0),
  document jsonb not null check (jsonb_typeof(document) = 'object'),
  status text not null default 'draft' check (status in ('draft', 'published')),
  effective_at timestamptz,
  published_at timestamptz,
  check (status = 'draft' or (effective_at is not null and published_at is not null))
);

create function keep_published_rules() returns trigger language plpgsql as $$
begin
  if old.status = 'published' then
    raise exception 'published rules never change: publish a new version' using errcode = 'restrict_violation';
  end if;
  return coalesce(new, old);
end $$;

create trigger rules_hold before insert or update or delete on rules
  for each statement execute function hold_directory();
create trigger rules_keep before update or delete on rules
  for each row execute function keep_published_rules();
create trigger rules_bump after insert or update or delete on rules
  for each row execute function bump_directory_part('rules');

insert into rules (version, document, status, effective_at, published_at) values (1, '{
  "radiusMiles": 50,
  "territory": { "whenOwnerUnavailable": "overflow" },
  "overflow": { "mode": "nearest", "radiusMiles": 150 },
  "stickyDays": 90,
  "dedupeWindowMinutes": 60
}', 'published', now(), now());

-- API keys ----------------------------------------------------------------------------------------------------------

-- Only the SHA-256 of a key is kept: 256 random bits need no slow hash.
create table api_keys (
  id uuid primary key default uuidv7(),
  name text not null check (name <> ''),
  key_hash bytea not null unique check (octet_length(key_hash) = 32),
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

create trigger api_keys_hold before insert or update or delete on api_keys
  for each statement execute function hold_directory();
create trigger api_keys_bump after insert or update or delete on api_keys
  for each row execute function bump_directory_part('keys');
