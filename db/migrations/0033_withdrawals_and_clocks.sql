-- As before; but a withdrawal is not begun once the lead has come back, or a later lead is the same contact: it would take from that one
-- its contact and opportunity. And a lead that comes back while it is being withdrawn waits for the end of that.
create or replace function begin_delivery(wanted uuid, wanted_turn integer, lease_seconds integer) returns jsonb language plpgsql as $$
declare
  d deliveries;
  lead leads;
  held_until timestamptz;
begin
  select * into d from deliveries where id = wanted for update;
  if not found or d.turn <> wanted_turn or d.status not in ('pending', 'withdrawing') then
    return jsonb_build_object('status', 'over');
  end if;
  select max(w.lease_until) into held_until from deliveries w
  where w.id = wanted or (w.lead_id = d.lead_id and w.ghl_location_id = d.ghl_location_id and w.status = 'withdrawing');
  if held_until > clock_timestamp() then
    return jsonb_build_object('status', 'busy', 'afterSeconds', ceil(extract(epoch from held_until - clock_timestamp()))::integer);
  end if;
  select * into lead from leads l where l.id = d.lead_id and l.created_at = uuid_extract_timestamp(d.lead_id);
  if lead.id is null or (d.status = 'withdrawing' and exists (
    select from deliveries w where w.ghl_location_id = d.ghl_location_id and w.id > d.id and w.status in ('pending', 'delivered')
      and (w.lead_id = d.lead_id or w.contact_id = d.contact_id))) then
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

-- As before; but what is `untouched` is written down as that before the lead is taken away, so whoever comes again after that was done, and
-- not yet told, is not answered `moved`. A clock whose outcome is `missed` and that has not ended is one of these.
create or replace function read_lead_clock(wanted uuid, wanted_move integer, now_at timestamptz) returns jsonb language plpgsql as $$
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
    when lead.id is null or lead.status <> 'assigned' or coalesce(lead.moves, 0) <> wanted_move then
      case when c.outcome is null then 'moved' end
    when lead.stage in ('contacted', 'won', 'lost') then 'met' end;
  if answer is not null then
    update lead_clocks set ended_at = now(), outcome = answer where lead_id = wanted and move = wanted_move;
    return jsonb_build_object('status', answer);
  end if;
  update lead_clocks set outcome = 'missed' where lead_id = wanted and move = wanted_move and outcome is null;
  return jsonb_build_object('status', 'untouched', 'locationId', c.location_id, 'startedAt', c.started_at, 'misses',
    (select count(*) from lead_clocks m where m.lead_id = wanted and m.outcome = 'missed' and m.ended_at is not null));
end $$;
