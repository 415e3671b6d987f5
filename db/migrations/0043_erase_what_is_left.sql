-- As before; what the system before said of a moved lead, in words and documents of its own, goes too.
create or replace function erase_person_leads(from_at timestamptz, to_at timestamptz, wanted_email text, wanted_phone text)
returns jsonb language plpgsql as $$
declare
  ids uuid[];
  events integer;
begin
  with erased as (
    update leads l set first_name = null, last_name = null, email = null, phone = null, address = null, lng = null,
      lat = null, utm = null, consent = null, metadata = null, updated_at = now()
    where l.created_at >= from_at and l.created_at < to_at and (l.email = wanted_email or l.phone = wanted_phone)
    returning l.id
  ), told as (
    insert into lead_events (lead_id, kind, detail, message_id) select e.id, 'erased', null, 'erase' from erased e
    on conflict do nothing
  )
  select coalesce(array_agg(e.id), '{}') into ids from erased e;
  update lead_events e set detail = e.detail - '{reason,data}'::text[]
  where e.lead_id = any (ids) and e.kind = 'routed_before';
  update webhook_events w set payload = null, handled_at = coalesce(w.handled_at, now())
  where w.lead_id = any (ids) and w.payload is not null;
  get diagnostics events = row_count;
  return jsonb_build_object('leads', cardinality(ids), 'events', events, 'contacts', coalesce((
    select jsonb_agg(jsonb_build_object('ghlLocationId', d.ghl_location_id, 'contactId', d.contact_id))
    from deliveries d where d.lead_id = any (ids) and d.contact_id is not null), '[]'));
end $$;

-- As before; a phone is found however it was written.
create or replace function erase_person_keys(hashes bytea[], wanted_email text, wanted_phone text) returns integer language plpgsql as $$
declare
  events integer;
  digits constant text := regexp_replace(wanted_phone, '^\+(1(?=\d{10}$))?', '');
  written constant text := '(^|[^0-9])([+]?1[ ().-]*)?' || regexp_replace(digits, '(\d)(?=\d)', '\1[ ().-]*', 'g') || '([^0-9]|$)';
begin
  delete from person_keys p where p.hash = any (hashes);
  update webhook_events w set payload = null, handled_at = coalesce(w.handled_at, now())
  where w.payload is not null and (lower(w.payload ->> 'email') = wanted_email
    or w.payload ->> 'phone' ~ written
    or (w.source is not null and (position(wanted_email in lower(w.payload::text)) > 0
      or w.payload::text ~ written)));
  get diagnostics events = row_count;
  return events;
end $$;

-- As erase_person_leads, in one archived month.
create or replace function erase_archived_leads(archived text, wanted_email text, wanted_phone text) returns jsonb language plpgsql as $$
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
  update archive.lead_events e set detail = e.detail - '{reason,data}'::text[]
  where e.lead_id = any (ids) and e.kind = 'routed_before';
  -- Events of an archived lead that have not followed it yet.
  update lead_events e set detail = e.detail - '{reason,data}'::text[]
  where e.lead_id = any (ids) and e.kind = 'routed_before';
  return jsonb_build_object('leads', cardinality(ids), 'events', 0, 'contacts', coalesce((
    select jsonb_agg(jsonb_build_object('ghlLocationId', d.ghl_location_id, 'contactId', d.contact_id))
    from (select * from deliveries union all select * from archive.deliveries) d
    where d.lead_id = any (ids) and d.contact_id is not null), '[]'));
end $$;
