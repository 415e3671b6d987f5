-- Months of leads that the brand keeps no longer at hand leave for the schema `archive`, one table each, and what hangs on them after
-- them. They can be read there, by SQL; the router knows of them only that they were archived.
create schema archive;

-- What is archived, and how far. `step` is what comes next, null when all is done; `cursor` is how far that is.
create table lead_archive (
  -- In the schema `archive`. A month whose leads came back from another system is archived again, under another name.
  table_name text primary key,
  month date not null,
  step text default 'events' check (step in ('events', 'deliveries', 'clocks', 'keys', 'persons')),
  cursor text,
  archived_at timestamptz not null default now(),
  finished_at timestamptz
);

-- The same columns in the same order as the tables that the rows come from.
create table archive.lead_events (like lead_events including defaults, primary key (lead_id, kind, message_id));
create table archive.deliveries (like deliveries including defaults, primary key (lead_id, move));
create table archive.lead_clocks (like lead_clocks including defaults, primary key (lead_id, move));

-- Takes the oldest month that ended at least `kept_months` whole months ago away from the leads. Detaching waits for nobody longer than
-- a second: everybody else waits behind it meanwhile. (`concurrently` is not possible beside a default partition.)
create function detach_lead_month(kept_months integer) returns text language plpgsql set lock_timeout = '1s' as $$
declare
  cutoff constant date := date_trunc('month', now() at time zone 'UTC') - make_interval(months => kept_months);
  partition text;
  archived text;
  index_name text;
begin
  select c.relname into partition
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'leads'::regclass and c.relname ~ '^leads_\d{4}_\d{2}$'
    and to_date(substr(c.relname, 7), 'YYYY_MM') + interval '1 month' <= cutoff
  order by c.relname limit 1;
  if not found then return null; end if;
  archived := partition;
  for n in 2 .. 100 loop
    exit when to_regclass('archive.' || archived) is null;
    archived := partition || '_' || n;
  end loop;
  execute format('alter table leads detach partition %I', partition);
  -- Found by its id, or by reading it whole.
  for index_name in
    select indexrelid::regclass::text from pg_index where indrelid = partition::regclass and not indisprimary
  loop
    execute 'drop index ' || index_name;
  end loop;
  if archived <> partition then
    select conname into index_name from pg_constraint where conrelid = partition::regclass and contype = 'p';
    execute format('alter table %I rename constraint %I to %I', partition, index_name, archived || '_pkey');
    execute format('alter table %I rename to %I', partition, archived);
  end if;
  execute format('alter table %I set schema archive', archived);
  insert into lead_archive (table_name, month) values (archived, to_date(substr(partition, 7), 'YYYY_MM'));
  return archived;
end $$;

-- One step of archiving, as one transaction: a month is detached, or up to `max_rows` rows of what hangs on it follow. Answers what was
-- done, null when there is nothing left to do. Whoever is stopped in between, the next call goes on.
create function archive_leads(kept_months integer, max_rows integer) returns jsonb language plpgsql as $$
declare
  a lead_archive;
  detached text;
  first_id_after uuid;
  ends_at timestamptz;
  block bigint;
  blocks constant integer := 4096;
  done_rows bigint;
  last_id uuid;
begin
  if kept_months < 1 or max_rows < 1 then
    raise exception 'at least a month is kept, at least a row is moved' using errcode = 'invalid_parameter_value';
  end if;
  -- One at a time, and not while partitions are made.
  perform pg_advisory_xact_lock(hashtextextended('ensure_lead_partitions', 0));
  select * into a from lead_archive where step is not null order by month, table_name limit 1;
  if not found then
    detached := detach_lead_month(kept_months);
    return case when detached is not null then jsonb_build_object('table', detached, 'step', 'detached', 'rows', 0) end;
  end if;

  ends_at := (a.month + interval '1 month') at time zone 'UTC';
  -- What is older belongs to months that went before, and came too late to go with them.
  first_id_after := (lpad(to_hex((extract(epoch from ends_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
  case a.step
    when 'events' then
      with moved as (
        delete from lead_events where ctid = any (array(
          select ctid from lead_events where lead_id < first_id_after order by lead_id limit max_rows)) returning *
      ), kept as (
        insert into archive.lead_events select * from moved on conflict do nothing
      )
      select count(*) into done_rows from moved;
    when 'deliveries' then
      with moved as (
        delete from deliveries where ctid = any (array(
          select ctid from deliveries where lead_id < first_id_after order by lead_id limit max_rows)) returning *
      ), kept as (
        insert into archive.deliveries select * from moved on conflict do nothing
      )
      select count(*) into done_rows from moved;
    when 'clocks' then
      delete from parking_lot where lead_id < first_id_after;
      with moved as (
        delete from lead_clocks where ctid = any (array(
          select ctid from lead_clocks where lead_id < first_id_after order by lead_id limit max_rows)) returning *
      ), kept as (
        insert into archive.lead_clocks select * from moved on conflict do nothing
      )
      select count(*) into done_rows from moved;
    when 'keys' then
      -- A key that was free again and has another lead by now stays.
      execute format('with page as (
          select id, source, external_id from archive.%I where id > $1 order by id limit $2
        ), freed as (
          delete from lead_keys k using page p
          where k.source = p.source and k.external_id = p.external_id and k.lead_id = p.id
        )
        select count(*), (array_agg(id order by id desc))[1] from page', a.table_name)
      into done_rows, last_id using coalesce(a.cursor::uuid, '00000000-0000-0000-0000-000000000000'), max_rows;
    when 'persons' then
      -- By pages of the table: an index by time would cost every lead more than this costs each month.
      block := coalesce(a.cursor::bigint, 0);
      delete from person_keys where ctid >= format('(%s,0)', block)::tid and ctid < format('(%s,0)', block + blocks)::tid
        and lead_at < ends_at and coalesce(assigned_at, lead_at) < ends_at;
      get diagnostics done_rows = row_count;
      update lead_archive set cursor = block + blocks where table_name = a.table_name;
      if (block + blocks) * current_setting('block_size')::bigint >= pg_relation_size('person_keys') then
        update lead_archive set step = null, cursor = null, finished_at = now() where table_name = a.table_name;
      end if;
      return jsonb_build_object('table', a.table_name, 'step', a.step, 'rows', done_rows);
  end case;
  update lead_archive set
    cursor = case when done_rows < max_rows then null else last_id::text end,
    step = case when done_rows < max_rows then
      case a.step when 'events' then 'deliveries' when 'deliveries' then 'clocks' when 'clocks' then 'keys' else 'persons' end
      else a.step end
  where table_name = a.table_name;
  return jsonb_build_object('table', a.table_name, 'step', a.step, 'rows', done_rows);
end $$;

-- Whether a lead that is not among the leads was archived. Its id says of which month it is.
create function is_lead_archived(wanted uuid) returns boolean language plpgsql stable as $$
declare
  archived text;
  is_there boolean;
begin
  for archived in
    select table_name from lead_archive where month = date_trunc('month', uuid_extract_timestamp(wanted) at time zone 'UTC')
  loop
    execute format('select exists (select from archive.%I where id = $1)', archived) into is_there using wanted;
    if is_there then return true; end if;
  end loop;
  return false;
end $$;

-- As erase_person_leads, in one archived month.
create function erase_archived_leads(archived text, wanted_email text, wanted_phone text) returns jsonb language plpgsql as $$
declare
  ids uuid[];
begin
  if not exists (select from lead_archive where table_name = archived) then
    raise exception 'no such month is archived' using errcode = 'invalid_parameter_value';
  end if;
  execute format('with erased as (
      update archive.%I l set first_name = null, last_name = null, email = null, phone = null, address = null, lng = null,
        lat = null, utm = null, consent = null, metadata = null, updated_at = now()
      where l.email = $1 or l.phone = $2
      returning l.id
    ), told as (
      insert into archive.lead_events (lead_id, kind, detail, message_id) select e.id, ''erased'', null, ''erase'' from erased e
      on conflict do nothing
    )
    select coalesce(array_agg(e.id), ''{}'') from erased e', archived)
  into ids using wanted_email, wanted_phone;
  return jsonb_build_object('leads', cardinality(ids), 'events', 0, 'contacts', coalesce((
    select jsonb_agg(jsonb_build_object('ghlLocationId', d.ghl_location_id, 'contactId', d.contact_id))
    from (select * from deliveries union all select * from archive.deliveries) d
    where d.lead_id = any (ids) and d.contact_id is not null), '[]'));
end $$;
