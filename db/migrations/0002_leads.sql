-- Leads, what keeps them from being taken twice, the seats they take, and the messages they send.

-- A lead's id is a UUIDv7 minted by the Worker and its time is `created_at`, so a read by id looks into one month.
create table leads (
  id uuid not null,
  created_at timestamptz not null,
  source text not null,
  external_id text,
  first_name text,
  last_name text,
  email text,
  phone text,
  address text,
  city text,
  state text,
  postal_code text,
  country text,
  lng double precision,
  lat double precision,
  service text,
  score double precision,
  utm jsonb,
  consent jsonb,
  metadata jsonb,
  status text not null check (status in ('assigned', 'parked', 'duplicate')),
  location_id uuid,
  duplicate_of uuid,
  assigned_day date,
  match_level text,
  parked_reason text,
  rule_version integer,
  decision jsonb,
  updated_at timestamptz not null default now(),
  primary key (id, created_at)
) partition by range (created_at);

create index leads_location on leads (location_id, created_at desc, score desc) where location_id is not null;
create index leads_parked on leads (created_at) where status = 'parked';

-- Takes what no month takes: a lead that was kept elsewhere through a long outage is stored, never refused.
create table leads_default partition of leads default;

-- Makes the partitions of last month, this month and `months_ahead` more, and answers the names of those it made.
-- Attaching (and not `create table … partition of`) leaves readers and writers of the other months alone. Rows stay
-- uncompressed up to a whole page: to compress every trace would cost an assignment a quarter of its time.
create function ensure_lead_partitions(months_ahead integer) returns text[] language plpgsql as $$
declare
  starts timestamp;
  starts_at timestamptz;
  ends_at timestamptz;
  partition text;
  made text[] := '{}';
begin
  if months_ahead not between 0 and 24 then
    raise exception 'months_ahead must be between 0 and 24' using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('ensure_lead_partitions', 0));
  for n in -1 .. months_ahead loop
    starts := date_trunc('month', now() at time zone 'UTC') + make_interval(months => n);
    starts_at := starts at time zone 'UTC';
    ends_at := (starts + interval '1 month') at time zone 'UTC';
    partition := 'leads_' || to_char(starts, 'YYYY_MM');
    continue when to_regclass(partition) is not null;
    execute format('create table %I (like leads including defaults including constraints)
      with (toast_tuple_target = 8160)', partition);
    -- Held until the commit, so that no lead of this month lands in the default partition in between.
    lock table leads_default in access exclusive mode;
    execute format('with moved as (delete from leads_default where created_at >= %L and created_at < %L returning *)
      insert into %I select * from moved', starts_at, ends_at, partition);
    execute format('alter table leads attach partition %I for values from (%L) to (%L)', partition, starts_at, ends_at);
    made := made || partition;
  end loop;
  return made;
end $$;

select ensure_lead_partitions(3);

-- The source's own id of a lead, with the hash of the body it came in: the same again is a replay, another body a
-- conflict.
create table lead_keys (
  source text not null,
  external_id text not null,
  lead_id uuid not null,
  body_hash bytea not null,
  created_at timestamptz not null default now(),
  primary key (source, external_id)
);

-- A person, by the hash of an e-mail address or a phone number: the last lead (for duplicates) and the last assignment
-- (for staying with one location). Not always the same lead: the last one may be parked.
create table person_keys (
  hash bytea primary key,
  lead_id uuid not null,
  lead_at timestamptz not null,
  location_id uuid,
  assigned_at timestamptz
) with (fillfactor = 90);

create table webhook_ids (
  id text primary key,
  received_at timestamptz not null default now()
);

-- One row per location and day, the location's own day. Every lead of the day updates it, so pages are left half empty
-- and the new version of the row stays beside the old one (a HOT update: no index is touched).
create table location_capacity (
  location_id uuid not null,
  day date not null,
  used integer not null,
  daily_cap integer,
  primary key (location_id, day)
) with (fillfactor = 50);

-- What happened to a lead. `message_id` names the message that told us, so the same news is written once.
create table lead_events (
  lead_id uuid not null,
  at timestamptz not null default now(),
  kind text not null,
  detail jsonb,
  message_id text not null,
  primary key (lead_id, kind, message_id)
);

-- News that leaves by QStash, written with what it tells of. Ids only, never people's data. A row stays until a drain
-- moves it into a message.
create table outbox (
  id bigint generated always as identity primary key,
  topic text not null,
  lead_id uuid,
  payload jsonb not null,
  created_at timestamptz not null default now()
);

-- Messages for QStash, each of many rows of the outbox (`events`), until QStash has it. `claimed_until` is the end of a
-- drain's lease, and the earliest time of the next try after a failed one. Whoever tries again sends the same message
-- under the same id.
create table outbox_messages (
  id uuid primary key default uuidv7(),
  events jsonb not null,
  oldest_at timestamptz not null,
  claimed_until timestamptz not null,
  attempts integer not null default 1
);
