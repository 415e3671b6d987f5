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
