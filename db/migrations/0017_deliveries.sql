-- A lead's way into the sub-account of the location it was assigned to, one row for each assignment.

-- How often the lead's location changed; null is never. A lead may come back to one that had it.
alter table leads add column moves integer;

-- Whoever moves a lead, and however: what the location before had done is not the next one's.
create function begin_lead_anew() returns trigger language plpgsql as $$
begin
  new.moves := coalesce(old.moves, 0) + 1;
  new.stage := null;
  new.delivered_at := null;
  new.contacted_at := null;
  new.closed_at := null;
  return new;
end $$;

create trigger leads_moved before update of location_id on leads
  for each row when (old.location_id is distinct from new.location_id) execute function begin_lead_anew();

-- `turn` is the number of the message that goes on with it; `lease_until` says that somebody does. `parts` remembers what was done in
-- the sub-account, and what was about to be sent.
create table deliveries (
  id uuid primary key default uuidv7(),
  lead_id uuid not null,
  location_id uuid not null,
  move integer not null,
  ghl_location_id text not null,
  status text not null check (status in ('pending', 'delivered', 'failed', 'withdrawing', 'withdrawn', 'cancelled')),
  turn integer not null default 1,
  attempts integer not null default 0,
  first_failed_at timestamptz,
  next_try_at timestamptz not null default now(),
  lease_until timestamptz,
  parts jsonb not null default '{}',
  contact_id text,
  opportunity_id text,
  error jsonb,
  created_at timestamptz not null default now(),
  delivered_at timestamptz,
  ended_at timestamptz,
  unique (lead_id, move)
);

create index deliveries_due on deliveries (next_try_at) where status in ('pending', 'withdrawing');
create index deliveries_failed on deliveries (id) where status = 'failed';
create index deliveries_location on deliveries (location_id, id);
create index deliveries_contact on deliveries (ghl_location_id, contact_id) where contact_id is not null;
create index deliveries_opportunity on deliveries (opportunity_id) where opportunity_id is not null;

-- Opens what these leads need now: a delivery for whoever is assigned to a sub-account, and the end of those that lost them.
-- Answers the deliveries that somebody has to go on with.
create function open_deliveries(lead_ids uuid[]) returns table (id uuid, turn integer, ghl_location_id text, status text)
language plpgsql as $$
begin
  return query
  with wanted as (
    select l.id as lead_id, l.location_id, coalesce(l.moves, 0) as move, k.ghl_location_id
    from (select distinct unnest(lead_ids) as id) w
    join leads l on l.id = w.id and l.created_at = uuid_extract_timestamp(w.id)
    left join location_keys k on k.id = l.location_id and l.status = 'assigned'
  ), ended as (
    update deliveries d set
      status = case when d.parts ? 'contactSent' then 'withdrawing' else 'cancelled' end,
      turn = d.turn + 1, attempts = 0, first_failed_at = null, error = null,
      -- Whoever is in the middle of it is let go on to the end of the lease, and finds it changed.
      next_try_at = greatest(now(), d.lease_until),
      ended_at = case when d.parts ? 'contactSent' then null else now() end
    from wanted w
    where d.lead_id = w.lead_id and d.move < w.move and d.status in ('pending', 'delivered', 'failed')
    returning d.id, d.turn, d.ghl_location_id, d.status
  ), opened as (
    insert into deliveries (lead_id, location_id, move, ghl_location_id, status)
    select w.lead_id, w.location_id, w.move, w.ghl_location_id, 'pending' from wanted w
    where w.ghl_location_id is not null
    order by w.lead_id
    on conflict (lead_id, move) do nothing
    returning deliveries.id, deliveries.turn, deliveries.ghl_location_id, deliveries.status
  )
  select e.id, e.turn, e.ghl_location_id, e.status from ended e where e.status = 'withdrawing'
  union all select o.id, o.turn, o.ghl_location_id, o.status from opened o
  -- A job that runs again asks again for those that nobody has begun with.
  union all select d.id, d.turn, d.ghl_location_id, d.status
  from deliveries d join wanted w on w.lead_id = d.lead_id
  where d.status in ('pending', 'withdrawing') and d.attempts = 0 and d.lease_until is null and d.next_try_at <= now();
end $$;

-- Takes a turn of a delivery: `begun` with all there is to know, `busy`, or `over` for a turn that is not its own any more.
create function begin_delivery(wanted uuid, wanted_turn integer, lease_seconds integer) returns jsonb language plpgsql as $$
declare
  d deliveries;
  lead leads;
begin
  select * into d from deliveries where id = wanted for update;
  if not found or d.turn <> wanted_turn or d.status not in ('pending', 'withdrawing') then
    return jsonb_build_object('status', 'over');
  end if;
  if d.lease_until > clock_timestamp() then
    return jsonb_build_object('status', 'busy', 'afterSeconds',
      ceil(extract(epoch from d.lease_until - clock_timestamp()))::integer);
  end if;
  select * into lead from leads l where l.id = d.lead_id and l.created_at = uuid_extract_timestamp(d.lead_id);
  if lead.id is null then
    update deliveries set status = 'cancelled', ended_at = now() where id = wanted;
    return jsonb_build_object('status', 'over');
  end if;
  update deliveries set lease_until = clock_timestamp() + make_interval(secs => lease_seconds), attempts = d.attempts + 1
  where id = wanted;
  return jsonb_build_object('status', 'begun', 'delivery', jsonb_build_object(
    'id', d.id, 'turn', d.turn, 'leadId', d.lead_id, 'locationId', d.location_id, 'ghlLocationId', d.ghl_location_id,
    'task', case d.status when 'pending' then 'deliver' else 'withdraw' end, 'attempt', d.attempts + 1,
    'firstFailedAt', d.first_failed_at, 'parts', d.parts, 'contactId', d.contact_id, 'opportunityId', d.opportunity_id,
    'lead', jsonb_build_object('source', lead.source, 'externalId', lead.external_id, 'firstName', lead.first_name,
      'lastName', lead.last_name, 'email', lead.email, 'phone', lead.phone, 'address', lead.address, 'city', lead.city,
      'state', lead.state, 'postalCode', lead.postal_code, 'country', lead.country, 'service', lead.service,
      'score', lead.score, 'matchLevel', lead.match_level, 'utm', lead.utm, 'consent', lead.consent,
      'metadata', lead.metadata)));
end $$;

-- Ends a turn that came to its end: the lead is in the sub-account (or withdrawn from it), told to its time line and to the outbox.
-- False when the delivery was changed meanwhile; then somebody else has been told to go on.
create function finish_delivery(wanted uuid, wanted_turn integer, detail jsonb) returns boolean language plpgsql as $$
declare
  d deliveries;
begin
  select * into d from deliveries where id = wanted for update;
  if not found or d.turn <> wanted_turn or d.status not in ('pending', 'withdrawing') then return false; end if;
  if d.status = 'withdrawing' then
    update deliveries set status = 'withdrawn', lease_until = null, error = null, ended_at = now() where id = wanted;
    insert into lead_events (lead_id, kind, detail, message_id)
    values (d.lead_id, 'withdrawn', detail || jsonb_build_object('locationId', d.location_id), 'delivery-' || wanted)
    on conflict do nothing;
    return true;
  end if;
  update deliveries set status = 'delivered', lease_until = null, error = null, delivered_at = now(), ended_at = now()
  where id = wanted;
  update leads l set stage = coalesce(l.stage, 'delivered'), delivered_at = now(), updated_at = now()
  where l.id = d.lead_id and l.created_at = uuid_extract_timestamp(d.lead_id) and coalesce(l.moves, 0) = d.move;
  -- A lead that went elsewhere in the meantime has news of its own, which ends this delivery.
  insert into lead_events (lead_id, kind, detail, message_id)
  values (d.lead_id, 'delivered', detail || jsonb_build_object('locationId', d.location_id), 'delivery-' || wanted)
  on conflict do nothing;
  insert into outbox (topic, lead_id, payload) values ('lead.delivered', d.lead_id, jsonb_build_object(
    'leadId', d.lead_id, 'locationId', d.location_id, 'deliveryId', d.id));
  return true;
end $$;

-- Ends a turn that failed: due again under the next turn, or given up with the news of it. Answers the next turn, null for none.
create function fail_delivery(wanted uuid, wanted_turn integer, failure jsonb, after_seconds double precision,
  counts boolean) returns integer language plpgsql as $$
declare
  d deliveries;
begin
  select * into d from deliveries where id = wanted for update;
  if not found or d.turn <> wanted_turn or d.status not in ('pending', 'withdrawing') then return null; end if;
  if after_seconds is null then
    update deliveries set status = 'failed', lease_until = null, error = failure, ended_at = now() where id = wanted;
    insert into lead_events (lead_id, kind, detail, message_id)
    values (d.lead_id, case d.status when 'pending' then 'delivery_failed' else 'withdrawal_failed' end,
      failure || jsonb_build_object('locationId', d.location_id, 'attempts', d.attempts),
      'delivery-' || wanted || '-' || d.turn)
    on conflict do nothing;
    if d.status = 'pending' then
      insert into outbox (topic, lead_id, payload) values ('lead.delivery_failed', d.lead_id, jsonb_build_object(
        'leadId', d.lead_id, 'locationId', d.location_id, 'deliveryId', d.id, 'reason', failure ->> 'kind'));
    end if;
    return null;
  end if;
  update deliveries set turn = d.turn + 1, lease_until = null, error = failure,
    attempts = case when counts then d.attempts else d.attempts - 1 end,
    first_failed_at = case when counts then coalesce(d.first_failed_at, now()) else d.first_failed_at end,
    next_try_at = now() + make_interval(secs => after_seconds)
  where id = wanted;
  return d.turn + 1;
end $$;

-- A delivery that was given up begins again where it stopped, and so do many of them, the oldest first.
create function redrive_deliveries(wanted uuid[], wanted_location uuid, max_count integer)
returns table (id uuid, turn integer, ghl_location_id text, status text) language sql as $$
  with chosen as (
    select d.id, d.lead_id, exists (
      select from leads l where l.id = d.lead_id and l.created_at = uuid_extract_timestamp(d.lead_id)
        and coalesce(l.moves, 0) > d.move) as is_lost
    from deliveries d
    where d.status = 'failed' and (wanted is null or d.id = any (wanted))
      and (wanted_location is null or d.location_id = wanted_location)
    order by d.id limit max_count for update of d skip locked
  ), told as (
    insert into lead_events (lead_id, kind, detail, message_id)
    select c.lead_id, 'redriven', null, 'redrive-' || c.id || '-' || gen_random_uuid() from chosen c
  )
  update deliveries d set status = case when c.is_lost then 'withdrawing' else 'pending' end, turn = d.turn + 1, attempts = 0, first_failed_at = null, error = null,
    ended_at = null, next_try_at = now(), lease_until = null
  from chosen c where d.id = c.id
  returning d.id, d.turn, d.ghl_location_id, d.status
$$;
