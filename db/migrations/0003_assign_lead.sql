-- assign_lead: one call that recognises a lead it has seen, takes a seat at the first candidate with room and writes
-- lead, keys and outbox together, or writes nothing. db/queries/assign-lead.ts has the shapes of request and answer.
--
-- This is the hot path, and its costs were measured one by one: hence few statements, plain inserts where nothing can be
-- in the way (`on conflict` costs half an insert more), no exception blocks (each is a subtransaction), no dynamic SQL
-- and generic plans, made once per connection.

-- The stored answer of a lead, null when there is no such lead.
create function replay_lead(wanted uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('status', 'replayed', 'leadId', id, 'storedStatus', status, 'locationId', location_id,
    'decision', decision, 'parkedReason', parked_reason, 'duplicateOf', duplicate_of)
  from leads where id = wanted and created_at = uuid_extract_timestamp(wanted)
$$;

-- The trace with one candidate's verdict as it came out. A candidate the trace has no room for has no place in it.
create function set_verdict(decision jsonb, candidate jsonb, verdict text) returns jsonb language sql stable as $$
  select jsonb_set(decision, array['candidates', candidate ->> 'traceIndex', 'verdict'], to_jsonb(verdict), false)
$$;

-- The part of assign_lead that comes after its locks; a caller that places many leads takes all their locks first.
-- Plans are made once and may be made while the tables are empty, when reading a whole table looks cheapest.
create function place_lead(request jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  candidates constant jsonb := request -> 'candidates';
  body_hash constant bytea := decode(request ->> 'bodyHash', 'hex');
  hashes bytea[] := '{}';
  -- All fields at once, and below the three whose names differ.
  lead leads := jsonb_populate_record(null::leads, request -> 'lead');
  known_key record;
  person record;
  sticky uuid;
  is_known_person boolean;
  answer jsonb;
  version bigint;
  candidate jsonb;
  place record;
  anyway boolean;
  verdict text;
  skipped jsonb := '[]';
  taken integer;
begin
  if jsonb_array_length(candidates) > 20 or jsonb_array_length(request -> 'personHashes') > 2 then
    raise exception 'too many candidates or person hashes' using errcode = 'invalid_parameter_value';
  end if;
  lead.id := request ->> 'leadId';
  lead.created_at := uuid_extract_timestamp(lead.id);
  lead.source := request ->> 'source';
  lead.external_id := request ->> 'externalId';
  lead.first_name := request #>> '{lead,firstName}';
  lead.last_name := request #>> '{lead,lastName}';
  lead.postal_code := request #>> '{lead,postalCode}';
  lead.decision := request -> 'decision';
  lead.rule_version := lead.decision ->> 'ruleVersion';
  lead.updated_at := now();
  for n in 0 .. jsonb_array_length(request -> 'personHashes') - 1 loop
    hashes := hashes || decode(request -> 'personHashes' ->> n, 'hex');
  end loop;

  -- 1. Seen before? A key whose lead is gone (its month was dropped) is free again.
  if lead.external_id is not null then
    select k.lead_id, k.body_hash into known_key
    from lead_keys k where k.source = lead.source and k.external_id = lead.external_id;
    if found then
      answer := replay_lead(known_key.lead_id);
      if answer is not null and known_key.body_hash <> body_hash then
        return jsonb_build_object('status', 'conflict', 'leadId', known_key.lead_id);
      elsif answer is null then
        delete from lead_keys k where k.source = lead.source and k.external_id = lead.external_id;
      end if;
    end if;
  end if;
  if answer is null and (request -> 'retry')::boolean then
    answer := replay_lead(lead.id);
  end if;
  if answer is not null then
    return answer;
  end if;

  if hashes <> '{}' then
    perform 1 from person_keys p where p.hash = any (hashes) limit 1;
    is_known_person := found;
  end if;
  if is_known_person then
    -- 2. The same person again, and soon? Measured between the leads' own times, whichever came in first.
    select p.lead_id, p.lead_at, p.location_id, p.assigned_at into person
    from person_keys p
    where p.hash = any (hashes) and p.lead_id <> lead.id
      and abs(extract(epoch from p.lead_at - lead.created_at)) < 60 * (request -> 'dedupeWindowMinutes')::integer
    order by p.lead_at desc limit 1;
    if found then
      lead.status := 'duplicate';
      lead.duplicate_of := person.lead_id;
      lead.location_id := case when person.assigned_at >= person.lead_at then person.location_id end;
      lead.decision := lead.decision || '{"candidates": [], "matchLevel": null}';
    elsif not (request -> 'ignoreSticky')::boolean then
      -- 3. A person who has a location stays with it; the last assignment counts when the keys disagree.
      select p.location_id into sticky
      from person_keys p
      where p.hash = any (hashes) and (request -> 'stickyDays')::integer > 0
        and p.assigned_at > lead.created_at - make_interval(days => (request -> 'stickyDays')::integer)
      order by p.assigned_at desc limit 1;
      if sticky is distinct from (candidates #>> '{0,locationId}')::uuid
        and sticky is distinct from (request ->> 'stickyKnown')::uuid and sticky is not null then
        return jsonb_build_object('status', 'sticky', 'locationId', sticky);
      end if;
    end if;
  end if;

  -- 4. The first candidate with room, on the day its own clocks show.
  if lead.status is null then
    for n in 0 .. jsonb_array_length(candidates) - 1 loop
      candidate := candidates -> n;
      lead.location_id := candidate ->> 'locationId';
      anyway := coalesce((candidate -> 'ignoresCapacity')::boolean, false);
      -- `used` is read without a lock: leads must not queue for a location that is full, nor deadlock between two.
      select k.active, k.paused, k.daily_cap, c.used, (now() at time zone k.timezone)::date as today into place
      from location_keys k
      left join location_capacity c on c.location_id = k.id and c.day = (now() at time zone k.timezone)::date
      where k.id = lead.location_id;
      verdict := case
        when place.active is not true then 'inactive'
        when place.paused then 'paused'
        when not anyway and coalesce(place.used, 0) >= place.daily_cap then 'full' end;
      if verdict is null then
        insert into location_capacity as c (location_id, day, used, daily_cap)
        values (lead.location_id, place.today, 1, place.daily_cap)
        on conflict (location_id, day) do update set used = c.used + 1, daily_cap = excluded.daily_cap
          where anyway or excluded.daily_cap is null or c.used < excluded.daily_cap
        returning used into taken;
        verdict := case when found then 'chosen' else 'full' end;
      end if;
      lead.decision := set_verdict(lead.decision, candidate, verdict);
      if verdict = 'chosen' then
        lead.status := 'assigned';
        lead.assigned_day := place.today;
        lead.match_level := candidate ->> 'matchLevel';
        lead.decision := lead.decision || jsonb_build_object('matchLevel', lead.match_level);
        answer := jsonb_build_object('candidateIndex', n, 'matchLevel', lead.match_level, 'skipped', skipped,
          'used', taken, 'dailyCap', place.daily_cap);
        exit;
      end if;
      skipped := skipped || jsonb_build_object('locationId', lead.location_id, 'verdict', verdict);
    end loop;
  end if;

  -- 5. Nobody.
  if lead.status is null then
    if jsonb_array_length(candidates) > 0 and request ->> 'onExhausted' = 'answer' then
      return jsonb_build_object('status', 'exhausted', 'skipped', skipped);
    end if;
    lead.status := 'parked';
    lead.location_id := null;
    lead.parked_reason := request ->> 'parkedReason';
    answer := jsonb_build_object('reason', lead.parked_reason, 'skipped', skipped);
  end if;

  -- 6. Everything together. The locks keep the keys that were not there a moment ago from having come since.
  insert into leads values (lead.*);
  if lead.external_id is not null then
    insert into lead_keys (source, external_id, lead_id, body_hash)
    values (lead.source, lead.external_id, lead.id, body_hash);
  end if;
  if not is_known_person then
    insert into person_keys (hash, lead_id, lead_at, location_id, assigned_at)
    select hash, lead.id, lead.created_at, lead.location_id, case when lead.location_id is not null then now() end
    from unnest(hashes) hash;
  elsif lead.status = 'duplicate' then
    -- The window counts from the first lead. A key that is new (another e-mail, the same phone) joins the person.
    insert into person_keys (hash, lead_id, lead_at, location_id, assigned_at)
    select hash, person.lead_id, person.lead_at, person.location_id, person.assigned_at from unnest(hashes) hash
    on conflict (hash) do nothing;
  else
    -- A lead that was kept through an outage may be older than the one that is known: the newest counts.
    insert into person_keys as p (hash, lead_id, lead_at, location_id, assigned_at)
    select hash, lead.id, lead.created_at, lead.location_id, case when lead.location_id is not null then now() end
    from unnest(hashes) hash
    on conflict (hash) do update set
      lead_id = case when excluded.lead_at > p.lead_at then excluded.lead_id else p.lead_id end,
      lead_at = greatest(excluded.lead_at, p.lead_at),
      location_id = coalesce(excluded.location_id, p.location_id),
      assigned_at = coalesce(excluded.assigned_at, p.assigned_at);
  end if;
  insert into outbox (topic, lead_id, payload)
  values ('lead.' || lead.status, lead.id, jsonb_build_object('leadId', lead.id, 'locationId', lead.location_id));

  select s.version into version from directory_state s;
  return jsonb_build_object('status', lead.status, 'leadId', lead.id, 'locationId', lead.location_id,
    'duplicateOf', lead.duplicate_of, 'directoryVersion', version) || coalesce(answer, '{}');
end $$;

create function assign_lead(request jsonb) returns jsonb language plpgsql as $$
declare
  one constant bigint := hashtextextended(request #>> '{personHashes,0}', 2);
  other constant bigint := hashtextextended(request #>> '{personHashes,1}', 2);
  locked boolean;
begin
  -- Two leads with one key, or of one person, take turns: without a row to wait for (the first lead of a person has
  -- none yet) and without a write, so that an answer that stores nothing leaves nothing behind. The source's key first,
  -- then the person's in the order of their numbers, so that two leads cannot wait for each other; no key, no lock (the
  -- function is strict). What follows sees what the one before has committed, because every statement of a volatile
  -- function has its own snapshot (read committed).
  locked := pg_advisory_xact_lock(
    hashtextextended(request ->> 'source' || chr(31) || (request ->> 'externalId'), 1)) is null;
  locked := pg_advisory_xact_lock(least(one, other)) is null;
  locked := pg_advisory_xact_lock(greatest(one, other)) is null;
  return place_lead(request);
end $$;
