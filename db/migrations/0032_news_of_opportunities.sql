-- As before; but news of an opportunity is of the lead that it was made for, and only else of the last lead of its contact.
create or replace function accept_webhook(event jsonb) returns text language plpgsql as $$
declare
  ignored text := event ->> 'reason';
  location text := event ->> 'ghlLocationId';
  settling jsonb := event -> 'settling';
  known uuid;
  is_master boolean;
  is_ours boolean;
  is_awaited boolean;
  taken_for text;
begin
  if ignored is null then
    select d.lead_id, m.is_one,
      d.lead_id is not null or m.is_one or (event ->> 'anywhere')::boolean
        or exists (select from location_keys where ghl_location_id = location)
        or exists (select from highlevel_installations where ghl_location_id = location and installed),
      d.lead_id is null and exists (select from deliveries w
        where w.ghl_location_id = location and w.status = 'pending' and w.contact_id is null)
    into known, is_master, is_ours, is_awaited
    from (select exists (select from lead_settings where document #>> '{master,ghlLocationId}' = location) as is_one) m
    left join lateral (
      select d.lead_id from deliveries d
      where (d.ghl_location_id = location and d.contact_id = settling ->> 'contactId')
        or (d.opportunity_id = settling ->> 'opportunityId' and d.ghl_location_id = location)
      order by coalesce(d.opportunity_id = settling ->> 'opportunityId', false) desc, d.id desc limit 1) d on true;
    if not is_ours then
      ignored := 'unknown_location';
    elsif known is not null then
      taken_for := settling ->> 'whenKnown';
    elsif (not is_awaited or settling ->> 'whenKnown' = settling ->> 'whenUnknown')
      and not (is_master and (settling ->> 'isRouted')::boolean) then
      taken_for := settling ->> 'whenUnknown';
    end if;
  end if;
  insert into webhook_events (id, type, ghl_location_id, resource_id, outcome, reason, payload, handled_as, handled_at, lead_id)
  values (event ->> 'id', event ->> 'type', location, event ->> 'resourceId',
    case when ignored is null then 'accepted' else 'ignored' end, ignored,
    case when ignored is null then event -> 'payload' end,
    taken_for, case when taken_for is not null then now() end, case when taken_for is not null then known end)
  on conflict (id) do nothing;
  if not found then return 'duplicate'; end if;
  if ignored is not null then return ignored; end if;
  if taken_for is not null then return 'settled'; end if;
  insert into outbox (topic, payload)
  values ('webhook.accepted', jsonb_build_object('webhookId', event ->> 'id'));
  return 'accepted';
end $$;

-- As before; but of won and lost the one that happened last holds, in whatever order they are told.
create or replace function set_lead_stage(wanted uuid, wanted_stage text, happened_at timestamptz, holder uuid, message text,
  about jsonb) returns text language plpgsql as $$
declare
  lead leads;
  rank constant jsonb := '{"delivered": 1, "contacted": 2, "won": 3, "lost": 3}';
begin
  select * into lead from leads l where l.id = wanted and l.created_at = uuid_extract_timestamp(wanted) for update;
  if not found then return 'not_found'; end if;
  if exists (select from lead_events e where e.lead_id = wanted and e.kind = wanted_stage and e.message_id = message) then
    return 'unchanged';
  end if;
  if lead.status <> 'assigned' then return 'not_assigned'; end if;
  if holder is not null and holder <> lead.location_id then return 'elsewhere'; end if;
  if lead.stage = wanted_stage or (rank -> wanted_stage)::integer < coalesce((rank -> lead.stage)::integer, 0)
    or (lead.stage in ('won', 'lost') and happened_at < lead.closed_at) then
    return 'unchanged';
  end if;
  update leads l set stage = wanted_stage, updated_at = now(),
    contacted_at = coalesce(l.contacted_at, happened_at),
    closed_at = case when wanted_stage in ('won', 'lost') then happened_at end
  where l.id = wanted and l.created_at = lead.created_at;
  insert into lead_events (lead_id, at, kind, detail, message_id)
  values (wanted, happened_at, wanted_stage, about || jsonb_build_object('locationId', lead.location_id), message);
  insert into outbox (topic, lead_id, payload) values ('lead.' || wanted_stage, wanted,
    jsonb_build_object('leadId', wanted, 'locationId', lead.location_id));
  return 'set';
end $$;
