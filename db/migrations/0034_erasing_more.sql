-- Erasing a person reaches farther: phones however they are written, what HighLevel told of their contact, where exactly they were, ids
-- that are their address, and what is still to be done with their leads. And it reaches nobody whose address only contains theirs.

-- How an e-mail is found in the lower-case text of a document. Null for null.
create function email_pattern(email text) returns text language sql immutable as $$
  select '(^|[^[:alnum:]._%+''~-]|\\[bfnrt])' || regexp_replace(email, '([^[:alnum:]@])', '\\\1', 'g')
    || '($|[^[:alnum:].-]|\.($|[^[:alnum:]]))'
$$;

-- How a phone (E.164) is found, whatever stands between its digits; one of North America also without the country's. Null for null.
create function phone_pattern(phone text) returns text language sql immutable as $$
  select '(^|[^0-9])' || case when phone like '+1%' then '(1[^0-9]{0,3})?' else '' end
    || array_to_string(regexp_split_to_array(regexp_replace(phone, '^\+1|[^0-9]', '', 'g'), ''), '[^0-9]{0,3}') || '($|[^0-9])'
$$;

-- A trace that no longer says where exactly somebody was; how far from whom would say it, too.
create function without_point(trace jsonb) returns jsonb language sql immutable as $$
  select case when trace ->> 'geoConfidence' in ('rooftop', 'ip') then trace || jsonb_build_object('place', null, 'candidates', (
    select coalesce(jsonb_agg(c || '{"distanceMiles": null}' order by n), '[]')
    from jsonb_array_elements(trace -> 'candidates') with ordinality x (c, n))) else trace end
$$;

-- As before; and nothing more is done with what is erased: it waits for no seat, is not delivered, and no time to act runs.
create or replace function erase_person_leads(from_at timestamptz, to_at timestamptz, wanted_email text, wanted_phone text)
returns jsonb language plpgsql as $$
declare
  email_like constant text := email_pattern(wanted_email);
  phone_like constant text := phone_pattern(wanted_phone);
  ids constant uuid[] := array(
    select l.id from leads l
    where l.created_at >= from_at and l.created_at < to_at and (l.email = wanted_email or l.phone = wanted_phone));
  events integer;
begin
  -- Before the leads, as whoever delivers them does.
  update deliveries d set status = 'cancelled', turn = d.turn + 1, ended_at = now()
  where d.lead_id = any (ids) and d.status = 'pending';
  with found as (
    select l.id, l.created_at, l.source, l.external_id,
      coalesce(lower(l.external_id) ~ email_like, false) or coalesce(l.external_id ~ phone_like, false) as is_address
    from leads l where l.id = any (ids) and l.created_at >= from_at and l.created_at < to_at
    order by l.id for update
  ), freed as (
    delete from lead_keys k using found f
    where f.is_address and k.source = f.source and k.external_id = f.external_id and k.lead_id = f.id
  ), erased as (
    update leads l set first_name = null, last_name = null, email = null, phone = null, address = null, lng = null,
      lat = null, utm = null, consent = null, metadata = null, decision = without_point(l.decision),
      external_id = case when not f.is_address then l.external_id end, updated_at = now()
    from found f where l.id = f.id and l.created_at = f.created_at
    returning l.id
  )
  insert into lead_events (lead_id, kind, detail, message_id) select e.id, 'erased', null, 'erase' from erased e
  on conflict do nothing;
  -- What the system before said of a moved lead, in words and documents of its own.
  update lead_events e set detail = e.detail - '{reason,data}'::text[] where e.lead_id = any (ids) and e.kind = 'routed_before';
  delete from parking_lot p where p.lead_id = any (ids);
  update lead_clocks c set ended_at = now(), outcome = 'moved' where c.lead_id = any (ids) and c.ended_at is null;
  update webhook_events w set payload = null, handled_at = coalesce(w.handled_at, now())
  where w.lead_id = any (ids) and w.payload is not null;
  get diagnostics events = row_count;
  return jsonb_build_object('leads', cardinality(ids), 'events', events, 'contacts', coalesce((
    select jsonb_agg(jsonb_build_object('ghlLocationId', d.ghl_location_id, 'contactId', d.contact_id))
    from deliveries d where d.lead_id = any (ids) and d.contact_id is not null), '[]'));
end $$;

-- As before, in one archived month.
create or replace function erase_archived_leads(archived text, wanted_email text, wanted_phone text)
returns jsonb language plpgsql as $$
declare
  ids uuid[];
  events integer;
begin
  if not exists (select from lead_archive where table_name = archived) then
    raise exception 'no such month is archived' using errcode = 'invalid_parameter_value';
  end if;
  execute format('with erased as (
      update archive.%I l set first_name = null, last_name = null, email = null, phone = null, address = null, lng = null,
        lat = null, utm = null, consent = null, metadata = null, decision = without_point(l.decision), external_id = case
          when coalesce(lower(l.external_id) ~ $3, false) or coalesce(l.external_id ~ $4, false) then null
          else l.external_id end, updated_at = now()
      where l.email = $1 or l.phone = $2
      returning l.id
    ), told as (
      insert into archive.lead_events (lead_id, kind, detail, message_id) select e.id, ''erased'', null, ''erase'' from erased e
      on conflict do nothing
    )
    select coalesce(array_agg(e.id), ''{}'') from erased e', archived)
  into ids using wanted_email, wanted_phone, email_pattern(wanted_email), phone_pattern(wanted_phone);
  update archive.lead_events e set detail = e.detail - '{reason,data}'::text[]
  where e.lead_id = any (ids) and e.kind = 'routed_before';
  -- Events of an archived lead that have not followed it yet.
  update lead_events e set detail = e.detail - '{reason,data}'::text[] where e.lead_id = any (ids) and e.kind = 'routed_before';
  update webhook_events w set payload = null, handled_at = coalesce(w.handled_at, now())
  where w.lead_id = any (ids) and w.payload is not null;
  get diagnostics events = row_count;
  return jsonb_build_object('leads', cardinality(ids), 'events', events, 'contacts', coalesce((
    select jsonb_agg(jsonb_build_object('ghlLocationId', d.ghl_location_id, 'contactId', d.contact_id))
    from (select * from deliveries union all select * from archive.deliveries) d
    where d.lead_id = any (ids) and d.contact_id is not null), '[]'));
end $$;

-- As before: what is known of the person, and what came by webhook and became no lead.
create or replace function erase_person_keys(hashes bytea[], wanted_email text, wanted_phone text) returns integer
language plpgsql as $$
declare
  email_like constant text := email_pattern(wanted_email);
  phone_like constant text := phone_pattern(wanted_phone);
  contacts text[];
  events integer;
begin
  delete from person_keys p where p.hash = any (hashes);
  -- HighLevel's messages, opportunities and appointments name nobody but their contact.
  contacts := array(
    select distinct w.ghl_location_id || ' ' || w.resource_id from webhook_events w
    where w.payload is not null and w.source is null and w.type like 'Contact%'
      and (lower(w.payload ->> 'email') = wanted_email or w.payload ->> 'phone' ~ phone_like));
  update webhook_events w set payload = null, handled_at = coalesce(w.handled_at, now())
  where w.payload is not null and case when w.source is null then
      lower(w.payload ->> 'email') = wanted_email or w.payload ->> 'phone' ~ phone_like
      or w.ghl_location_id || ' ' || coalesce(w.payload ->> 'contactId', w.payload #>> '{appointment,contactId}',
        case when w.type like 'Contact%' then w.resource_id end) = any (contacts)
    else lower(w.payload::text) ~ email_like or w.payload::text ~ phone_like end;
  get diagnostics events = row_count;
  return events;
end $$;
