-- Whether a lead is on its way into a sub-account and its contact is not known yet: asked for every event of a contact.
create index deliveries_awaited on deliveries (ghl_location_id) where status = 'pending' and contact_id is null;

-- Stores a webhook, and its message in the same transaction where it has to be handled. Most tell of nothing that anybody has to do, and
-- are settled as they are stored, for what the caller's `settling` says; news of an opportunity is of the lead that it was made for, and only else
-- of the last lead of its contact. Its own checks have let it pass (`reason` if not); a location has
-- then to be one of ours, one where the app is installed or the brand's own, unless `anywhere`.
-- Answers `settled`, `accepted`, `duplicate` or the reason why it is ignored.
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
    known := (
      select d.lead_id from deliveries d
      where (d.ghl_location_id = location and d.contact_id = settling ->> 'contactId')
        or (d.opportunity_id = settling ->> 'opportunityId' and d.ghl_location_id = location)
      order by coalesce(d.opportunity_id = settling ->> 'opportunityId', false) desc, d.id desc limit 1);
    if known is not null then
      taken_for := settling ->> 'whenKnown';
    else
      -- One statement for all that has to be known of a stranger: each that a function runs costs more than what it looks up.
      select exists (select from lead_settings where document #>> '{master,ghlLocationId}' = location),
        exists (select from location_keys where ghl_location_id = location)
          or exists (select from highlevel_installations where ghl_location_id = location and installed),
        exists (select from deliveries w where w.ghl_location_id = location and w.status = 'pending' and w.contact_id is null)
      into is_master, is_ours, is_awaited;
      if not (is_ours or is_master or (event ->> 'anywhere')::boolean) then
        ignored := 'unknown_location';
      elsif (not is_awaited or settling ->> 'whenKnown' = settling ->> 'whenUnknown')
        and not (is_master and (settling ->> 'isRouted')::boolean) then
        taken_for := settling ->> 'whenUnknown';
      end if;
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
