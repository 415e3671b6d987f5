-- People who asked to be forgotten: that it was done, when and by which key; of the person the keyed hashes alone.
create table erasures (
  id uuid primary key default uuidv7(),
  erased_at timestamptz not null default now(),
  api_key_id uuid not null,
  person_hashes text[] not null,
  leads integer not null default 0,
  events integer not null default 0
);

-- Takes a person out of the leads of one span of time: names, ways to reach them, where they live, and whatever came along. What is left
-- (when, from where, who got it and why) tells of nobody, so totals stay. Answers how many there were, and their contacts in HighLevel.
create function erase_person_leads(from_at timestamptz, to_at timestamptz, wanted_email text, wanted_phone text)
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
  update webhook_events w set payload = null, handled_at = coalesce(w.handled_at, now())
  where w.lead_id = any (ids) and w.payload is not null;
  get diagnostics events = row_count;
  return jsonb_build_object('leads', cardinality(ids), 'events', events, 'contacts', coalesce((
    select jsonb_agg(jsonb_build_object('ghlLocationId', d.ghl_location_id, 'contactId', d.contact_id))
    from deliveries d where d.lead_id = any (ids) and d.contact_id is not null), '[]'));
end $$;

-- The rest, which belongs to no month: what is known of the person, and what came by webhook and became no lead.
create function erase_person_keys(hashes bytea[], wanted_email text, wanted_phone text) returns integer language plpgsql as $$
declare
  events integer;
begin
  delete from person_keys p where p.hash = any (hashes);
  update webhook_events w set payload = null, handled_at = coalesce(w.handled_at, now())
  where w.payload is not null and (lower(w.payload ->> 'email') = wanted_email
    or regexp_replace(w.payload ->> 'phone', '[^0-9+]', '', 'g') = wanted_phone
    or (w.source is not null and (position(wanted_email in lower(w.payload::text)) > 0
      or position(wanted_phone in w.payload::text) > 0)));
  get diagnostics events = row_count;
  return events;
end $$;
