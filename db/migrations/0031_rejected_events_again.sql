-- As before; but what was rejected is no duplicate when it is sent again: it is rejected again, or, where it can be read by now, accepted.
create or replace function accept_source_event(event jsonb) returns jsonb language plpgsql as $$
declare
  wanted text := event ->> 'id';
  is_lead constant boolean := event ->> 'reason' is null;
  known webhook_events;
begin
  perform pg_advisory_xact_lock(hashtextextended(wanted, 4));
  select * into known from webhook_events w where w.said = wanted order by w.received_at desc limit 1;
  if known.id is null or (event ->> 'forHours' is not null
    and known.received_at <= now() - make_interval(hours => (event ->> 'forHours')::integer)) then
    if known.id is not null then
      wanted := wanted || '@' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24MISS');
    end if;
    insert into webhook_events (id, type, ghl_location_id, resource_id, outcome, reason, payload, source, said)
    values (wanted, event ->> 'type', event ->> 'ghlLocationId', event ->> 'resourceId',
      case when is_lead then 'accepted' else 'rejected' end, event ->> 'reason', event -> 'payload',
      event ->> 'source', event ->> 'id');
  elsif known.outcome <> 'rejected' then
    return jsonb_build_object('outcome', 'duplicate', 'eventId', known.id);
  else
    wanted := known.id;
    update webhook_events set outcome = case when is_lead then 'accepted' else 'rejected' end, reason = event ->> 'reason',
      payload = event -> 'payload', ghl_location_id = event ->> 'ghlLocationId', resource_id = event ->> 'resourceId',
      handled_as = null, handled_at = null
    where id = wanted;
  end if;
  if not is_lead then
    return jsonb_build_object('outcome', 'rejected', 'eventId', wanted);
  end if;
  insert into outbox (topic, payload) values ('webhook.accepted', jsonb_build_object('webhookId', wanted));
  return jsonb_build_object('outcome', 'accepted', 'eventId', wanted);
end $$;
