-- The time that a location has to act on a lead, one clock for each assignment.
create table lead_clocks (
  lead_id uuid not null,
  move integer not null,
  location_id uuid not null,
  started_at timestamptz not null,
  due_at timestamptz not null,
  ended_at timestamptz,
  -- `met`, `missed`, or `moved`: the lead went elsewhere first.
  outcome text check (outcome in ('met', 'missed', 'moved')),
  primary key (lead_id, move)
);

create index lead_clocks_due on lead_clocks (due_at) where ended_at is null;

-- Looks at a clock that has run out. `early` before its time, `over` when it was looked at before, `met` or `moved` and ended so, or
-- `untouched`, with how often the lead was taken from somebody for that.
create function read_lead_clock(wanted uuid, wanted_move integer, now_at timestamptz) returns jsonb language plpgsql as $$
declare
  c lead_clocks;
  lead leads;
  answer text;
begin
  select * into c from lead_clocks where lead_id = wanted and move = wanted_move for update;
  if not found or c.ended_at is not null then return jsonb_build_object('status', 'over'); end if;
  if c.due_at > now_at then return jsonb_build_object('status', 'early', 'dueAt', c.due_at); end if;
  select * into lead from leads l where l.id = wanted and l.created_at = uuid_extract_timestamp(wanted);
  answer := case
    when lead.id is null or lead.status <> 'assigned' or coalesce(lead.moves, 0) <> wanted_move then 'moved'
    when lead.stage in ('contacted', 'won', 'lost') then 'met' end;
  if answer is not null then
    update lead_clocks set ended_at = now(), outcome = answer where lead_id = wanted and move = wanted_move;
    return jsonb_build_object('status', answer);
  end if;
  return jsonb_build_object('status', 'untouched', 'locationId', c.location_id, 'startedAt', c.started_at, 'misses',
    (select count(*) from lead_clocks m where m.lead_id = wanted and m.outcome = 'missed'));
end $$;

-- Ends a clock as missed, once: time line and news with it.
create function miss_lead_clock(wanted uuid, wanted_move integer, about jsonb) returns boolean language plpgsql as $$
declare
  holder uuid;
begin
  update lead_clocks set ended_at = now(), outcome = 'missed'
  where lead_id = wanted and move = wanted_move and ended_at is null returning location_id into holder;
  if not found then return false; end if;
  insert into lead_events (lead_id, kind, detail, message_id)
  values (wanted, 'sla_missed', about || jsonb_build_object('locationId', holder), 'clock-' || wanted_move)
  on conflict do nothing;
  insert into outbox (topic, lead_id, payload) values ('lead.sla_missed', wanted,
    jsonb_build_object('leadId', wanted, 'locationId', holder, 'rerouted', about -> 'rerouted'));
  return true;
end $$;
