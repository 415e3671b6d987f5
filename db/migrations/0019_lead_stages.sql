-- How a lead goes on after its delivery, and which lead an event of HighLevel's was about.

alter table webhook_events
  add column lead_id uuid,
  -- What cannot be handled yet is looked at again by the minute's Cron.
  add column tries integer not null default 0,
  add column next_try_at timestamptz;

create index webhook_events_unhandled on webhook_events (next_try_at) where outcome = 'accepted' and handled_at is null;
create index webhook_events_lead on webhook_events (lead_id) where lead_id is not null;

-- Moves a lead on: delivered, contacted, won or lost. Only forward, but that won and lost correct each other; the same message again
-- changes nothing. `holder` is who says so: news of a location that has lost the lead is none of the lead's.
create function set_lead_stage(wanted uuid, wanted_stage text, happened_at timestamptz, holder uuid, message text, about jsonb)
returns text language plpgsql as $$
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
  if lead.stage = wanted_stage or (rank -> wanted_stage)::integer < coalesce((rank -> lead.stage)::integer, 0) then
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

-- As before; the brand's own sub-account is known too, also while the news that the app is installed there is still on its way.
create or replace function accept_webhook(event jsonb) returns text language plpgsql as $$
declare
  ignored text := event ->> 'reason';
  location text := event ->> 'ghlLocationId';
begin
  if ignored is null and not (event ->> 'anywhere')::boolean
    and not exists (select from location_keys where ghl_location_id = location)
    and not exists (select from highlevel_installations where ghl_location_id = location and installed)
    and not exists (select from lead_settings where document #>> '{master,ghlLocationId}' = location) then
    ignored := 'unknown_location';
  end if;
  insert into webhook_events (id, type, ghl_location_id, resource_id, outcome, reason, payload)
  values (event ->> 'id', event ->> 'type', location, event ->> 'resourceId',
    case when ignored is null then 'accepted' else 'ignored' end, ignored,
    case when ignored is null then event -> 'payload' end)
  on conflict (id) do nothing;
  if not found then return 'duplicate'; end if;
  if ignored is not null then return ignored; end if;
  insert into outbox (topic, payload)
  values ('webhook.accepted', jsonb_build_object('webhookId', event ->> 'id'));
  return 'accepted';
end $$;
