-- Where leads come from by webhook other than HighLevel's own, and what of it was no lead.

-- A source's secret is made from its name and version with a key of the router, and is stored nowhere. Its last secret is taken as well,
-- until the next change.
create table sources (
  name text primary key check (name ~ '^[A-Za-z0-9_.:-]{1,64}$'),
  kind text not null check (kind in ('form', 'workflow')),
  -- Field of a lead by its path in the body; empty: by the usual names.
  mapping jsonb not null default '{}' check (jsonb_typeof(mapping) = 'object'),
  enabled boolean not null default true,
  secret_version integer not null default 1,
  created_at timestamptz not null default now()
);

alter table webhook_events
  add column source text,
  -- What a source's event is known by; its id is another when the same is said again after a day.
  add column said text,
  drop constraint webhook_events_outcome_check,
  add constraint webhook_events_outcome_check check (outcome in ('accepted', 'ignored', 'rejected'));

create index webhook_events_said on webhook_events (said, received_at) where said is not null;
create index webhook_events_newest on webhook_events (received_at desc, id desc);

-- Stores what a source sent, once, with its outbox row; what is no lead (`reason`) is kept as rejected, to be replayed when the mapping
-- was mended. An event that has no id of its own is known by what it says for 24 hours: `forHours`, null for ever.
create function accept_source_event(event jsonb) returns jsonb language plpgsql as $$
declare
  wanted text := event ->> 'id';
  known timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended(wanted, 4));
  select max(w.received_at) into known from webhook_events w where w.said = wanted;
  if known is not null and (event ->> 'forHours' is null
    or known > now() - make_interval(hours => (event ->> 'forHours')::integer)) then
    return jsonb_build_object('outcome', 'duplicate', 'eventId', wanted);
  end if;
  if known is not null then
    wanted := wanted || '@' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24MISS');
  end if;
  insert into webhook_events (id, type, ghl_location_id, resource_id, outcome, reason, payload, source, said)
  values (wanted, event ->> 'type', event ->> 'ghlLocationId', event ->> 'resourceId',
    case when event ->> 'reason' is null then 'accepted' else 'rejected' end, event ->> 'reason', event -> 'payload',
    event ->> 'source', event ->> 'id');
  if event ->> 'reason' is not null then
    return jsonb_build_object('outcome', 'rejected', 'eventId', wanted);
  end if;
  insert into outbox (topic, payload) values ('webhook.accepted', jsonb_build_object('webhookId', wanted));
  return jsonb_build_object('outcome', 'accepted', 'eventId', wanted);
end $$;
