-- The connection to HighLevel: the installed app's tokens, where it is installed, and the webhooks that came.

-- One row per company. Tokens are sealed (AES-GCM) by the Worker before they come here. `version` grows with every change
-- of the tokens. A refresh is done by the holder of the lease; `refresh_sent_at` is written before the refresh token is
-- sent, which spends it, and cleared with what came back: where it is set and the lease has ended, somebody died in between.
create table highlevel_connections (
  company_id text primary key,
  status text not null check (status in ('connected', 'reconnect_needed')),
  status_reason text,
  version bigint not null default 1,
  access_token text not null,
  access_expires_at timestamptz not null,
  refresh_token text not null,
  scopes text[] not null,
  install_to_future_locations boolean,
  connected_at timestamptz not null default now(),
  refreshed_at timestamptz,
  refresh_sent_at timestamptz,
  refresh_lease uuid,
  refresh_lease_until timestamptz
);

-- A connection that a person began and has not come back from, by the SHA-256 of its state parameter. Used once.
create table highlevel_oauth_states (
  state_hash bytea primary key,
  expires_at timestamptz not null
);

-- Where the app is installed, as INSTALL and UNINSTALL tell, in whatever order they come: `changed_at` is theirs.
create table highlevel_installations (
  ghl_location_id text primary key,
  company_id text,
  installed boolean not null,
  changed_at timestamptz not null,
  webhook_id text not null
);

-- Every verified webhook, once. `payload` is null where nobody needs it. Handled ones say what they were taken for.
create table webhook_events (
  id text primary key,
  received_at timestamptz not null default now(),
  type text not null,
  ghl_location_id text,
  resource_id text,
  outcome text not null check (outcome in ('accepted', 'ignored')),
  reason text,
  payload jsonb,
  handled_as text,
  handled_at timestamptz
);

create index webhook_events_resource on webhook_events (resource_id, type) where resource_id is not null;
create index webhook_events_received on webhook_events (received_at);

-- How webhooks ended, counted by day (UTC), those too that are stored nowhere.
create table webhook_counts (
  day date not null,
  outcome text not null,
  reason text not null default '',
  count bigint not null,
  last_at timestamptz not null,
  primary key (day, outcome, reason)
) with (fillfactor = 50);

-- webhook_events does what this was for.
drop table webhook_ids;

-- Stores a webhook and its message in one statement's transaction. `known` says that the caller's own checks let it pass
-- (`reason` if not); a location has then to be one of ours or one where the app is installed, unless `anywhere`.
-- Answers `accepted`, `duplicate` or the reason why it is ignored.
create function accept_webhook(event jsonb) returns text language plpgsql as $$
declare
  ignored text := event ->> 'reason';
  location text := event ->> 'ghlLocationId';
begin
  if ignored is null and not (event ->> 'anywhere')::boolean
    and not exists (select from location_keys where ghl_location_id = location)
    and not exists (select from highlevel_installations where ghl_location_id = location and installed) then
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
