-- Turns, Idempotency-Keys and the parking lot; assign_lead with fewer statements; many leads in one call; a lead's move
-- to another location. db/queries/{assign-lead,assign-leads,reassign-lead}.ts have the shapes of requests and answers.
--
-- Locks, always in this order, so that nobody waits in a circle:
--   1. `counters`, an advisory lock, by whoever may change two locations' counters (assign_leads, reassign_lead)
--   2. advisory locks on the sources' keys, then the Idempotency-Keys, then the persons, each by their numbers
--   3. the lead's row (reassign_lead)
--   4. `turns`, an advisory lock, by whoever adds rows to turns; then the rows of turns by pool and location
--   5. counters (location_capacity)
-- What is left is a lead that waited for a counter, found it full and goes on to the next: that is tried again.

-- Whose turn it is in a weighted round robin: a virtual time per pool and location, in which a turn of weight w lasts
-- 2^40 / w. Rows are made when a location is first considered, and stay. Updates touch no index (HOT).
create table turns (
  pool text not null,
  location_id uuid not null,
  turn bigint not null,
  primary key (pool, location_id)
) with (fillfactor = 50);

-- Idempotency-Key headers, each known to the API key that sent it, for 24 hours.
create table idempotency_keys (
  api_key_id uuid not null,
  key text not null,
  lead_id uuid not null,
  body_hash bytea not null,
  created_at timestamptz not null default now(),
  primary key (api_key_id, key)
);

create index idempotency_keys_created on idempotency_keys (created_at);

-- The leads that nobody could take, and when each is due again. `tries` counts those since it was parked.
create table parking_lot (
  lead_id uuid primary key,
  lead_at timestamptz not null,
  reason text not null,
  tries integer not null default 0,
  tried_version bigint not null,
  next_try_at timestamptz not null
);

create index parking_lot_due on parking_lot (next_try_at);

insert into parking_lot (lead_id, lead_at, reason, tried_version, next_try_at)
select id, created_at, coalesce(parked_reason, 'no_place'), 0, now() from leads where status = 'parked';

-- A seat that was taken, or (location_id null) the refusals of all that were asked.
create type seat as (
  candidate_index integer,
  location_id uuid,
  match_level text,
  day date,
  used integer,
  daily_cap integer,
  skipped jsonb
);

-- Takes the lock under which rows are added to turns, unless all these have theirs. They never go away again.
create function hold_new_turns(wanted text, members uuid[]) returns boolean language plpgsql as $$
begin
  if (select count(*) from turns t where t.pool = wanted and t.location_id = any (members)) = cardinality(members) then
    return false;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('turns', 0));
  return true;
end $$;

-- Gives a seat to the member of a pool whose turn it is, among those with room: the earliest to end its turn of those
-- that are not ahead of the weighted mean (earliest eligible virtual deadline first), so that with the same members
-- each has its share of the leads, give or take one. Who was away is owed at most `max_catch_up` turns.
create function ask_pool(members jsonb, max_catch_up integer) returns seat language plpgsql as $$
declare
  wanted constant text := members #>> '{0,pool}';
  room record;
  choice record;
  has_new boolean;
  seat seat;
begin
  -- Another round only after a member with room turned out to have filled up meanwhile.
  for round in 0 .. jsonb_array_length(members) loop
    select array_agg(m.id order by m.id) filter (where m.verdict is null) as ids,
      array_agg(m.weight order by m.id) filter (where m.verdict is null) as weights,
      coalesce(jsonb_agg(jsonb_build_object('locationId', m.id, 'verdict', m.verdict) order by m.place)
        filter (where m.verdict is not null), '[]') as skipped into room
    from (
      select asked.id, coalesce(asked.weight, 1) as weight, asked.place, case when k.active is not true then 'inactive' when k.paused then 'paused'
        when not coalesce(asked.anyway, false) and coalesce(c.used, 0) >= k.daily_cap then 'full' end as verdict
      from rows from (jsonb_to_recordset(members) as ("locationId" uuid, weight bigint, "ignoresCapacity" boolean))
        with ordinality as asked (id, weight, anyway, place)
      left join location_keys k on k.id = asked.id
      left join location_capacity c on c.location_id = k.id and c.day = (now() at time zone k.timezone)::date
    ) m;
    seat.skipped := room.skipped;
    exit when room.ids is null;

    has_new := hold_new_turns(wanted, room.ids);
    with held as materialized (
      select t.location_id, t.turn from turns t
      where t.pool = wanted and t.location_id = any (room.ids) order by t.location_id for update
    ), member as (
      select m.id, m.weight, (1::bigint << 40) / m.weight as stride, h.turn
      from unnest(room.ids, room.weights) as m (id, weight) left join held h on h.location_id = m.id
    ), front as (
      select coalesce(max(m.turn - m.stride), 0) as turn from member m
    ), standing as (
      -- How far from the front: small numbers, however long the pool has been in use.
      select m.id, m.weight, m.stride, f.turn as front,
        case when m.turn is null then 0 else greatest(m.turn - f.turn, -coalesce(max_catch_up, 1) * m.stride) end as ahead
      from member m cross join front f
    ), due as (
      select s.*, s.ahead * sum(s.weight) over () <= sum(s.weight * s.ahead) over () as is_due from standing s
    )
    select d.id, d.front, d.front + d.ahead + d.stride as next_turn into choice
    from due d where d.is_due order by d.ahead + d.stride, d.id limit 1;

    for n in 0 .. jsonb_array_length(members) - 1 loop
      continue when (members -> n ->> 'locationId')::uuid <> choice.id;
      seat := take_seat(jsonb_build_array((members -> n) - 'pool'), null);
      seat.candidate_index := n;
      exit;
    end loop;
    if seat.location_id is not null then
      if has_new then
        insert into turns (pool, location_id, turn) select wanted, id, choice.front from unnest(room.ids) id
        on conflict do nothing;
      end if;
      update turns t set turn = choice.next_turn where t.pool = wanted and t.location_id = choice.id;
      seat.skipped := room.skipped;
      exit;
    end if;
  end loop;
  return seat;
end $$;

-- Asks the candidates for a seat, in order, each on the day its own clocks show; those that follow each other with one
-- pool are asked as one. A counter is first read without a lock: leads must not queue for a location that is full.
create function take_seat(candidates jsonb, max_catch_up integer) returns seat language plpgsql as $$
declare
  asked record;
  seat seat;
  skipped jsonb := '[]';
  n integer := 0;
  size integer;
begin
  while n < jsonb_array_length(candidates) loop
    if candidates -> n ? 'pool' then
      size := 1;
      while candidates -> (n + size) -> 'pool' = candidates -> n -> 'pool' loop
        size := size + 1;
      end loop;
      seat := ask_pool(jsonb_path_query_array(candidates, '$[$first to $last]',
        jsonb_build_object('first', n, 'last', n + size - 1)), max_catch_up);
      skipped := skipped || seat.skipped;
      seat.candidate_index := n + seat.candidate_index;
      seat.skipped := skipped;
      exit when seat.location_id is not null;
      n := n + size;
      continue;
    end if;

    with place as (
      select c.id, c.match_level, c.anyway, k.active, k.paused, k.daily_cap, (now() at time zone k.timezone)::date as day
      from (select (candidates -> n ->> 'locationId')::uuid as id, candidates -> n ->> 'matchLevel' as match_level,
        coalesce((candidates -> n -> 'ignoresCapacity')::boolean, false) as anyway) c
      left join location_keys k on k.id = c.id
    ), taken as (
      insert into location_capacity as c (location_id, day, used, daily_cap)
      select p.id, p.day, 1, p.daily_cap from place p
      where p.active and not p.paused and (p.anyway or p.daily_cap is null or p.daily_cap > coalesce(
        (select f.used from location_capacity f where f.location_id = p.id and f.day = p.day), 0))
      on conflict (location_id, day) do update set used = c.used + 1, daily_cap = excluded.daily_cap
        where coalesce((candidates -> n -> 'ignoresCapacity')::boolean, false) or excluded.daily_cap is null
          or c.used < excluded.daily_cap
      returning c.used
    )
    select p.*, t.used into asked from place p left join taken t on true;
    if asked.used is not null then
      return row(n, asked.id, asked.match_level, asked.day, asked.used, asked.daily_cap, skipped)::seat;
    end if;
    skipped := skipped || jsonb_build_object('locationId', asked.id, 'verdict',
      case when asked.active is not true then 'inactive' when asked.paused then 'paused' else 'full' end);
    seat.skipped := skipped;
    n := n + 1;
  end loop;
  seat.skipped := skipped;
  return seat;
end $$;

-- The trace with the match level and the verdicts as they came out. A candidate the trace has no room for has no place.
create function settle_trace(decision jsonb, candidates jsonb, seat seat) returns jsonb language plpgsql as $$
declare
  refusal jsonb;
  settled jsonb := decision;
begin
  if seat.location_id is not null then
    settled := set_verdict(settled, candidates -> seat.candidate_index, 'chosen');
  end if;
  if seat.skipped <> '[]' then
    for refusal in select jsonb_array_elements(seat.skipped) loop
      settled := (
        select set_verdict(settled, candidate, refusal ->> 'verdict')
        from jsonb_array_elements(candidates) candidate
        where candidate -> 'locationId' = refusal -> 'locationId' limit 1);
    end loop;
  end if;
  return settled || jsonb_build_object('matchLevel', seat.match_level);
end $$;

-- The answer to a lead that came before, by its source's id, its Idempotency-Key or, asked again, its own id; null for a
-- new one. A key whose lead is gone (its month was dropped) is free again, and so is an Idempotency-Key of yesterday.
create function replay_request(request jsonb) returns jsonb language plpgsql as $$
declare
  body_hash constant bytea := decode(request ->> 'bodyHash', 'hex');
  idempotency_key constant text := request #>> '{idempotencyKey,key}';
  known record;
  answer jsonb;
begin
  if idempotency_key is not null then
    select i.lead_id, i.body_hash into known from idempotency_keys i
    where i.api_key_id = (request #>> '{idempotencyKey,apiKeyId}')::uuid and i.key = idempotency_key
      and i.created_at > now() - interval '24 hours';
    if found then
      answer := replay_lead(known.lead_id);
      if answer is not null and known.body_hash <> body_hash then
        return jsonb_build_object('status', 'conflict', 'leadId', known.lead_id);
      elsif answer is not null then
        return answer;
      end if;
    end if;
  end if;

  select k.lead_id, k.body_hash into known from lead_keys k
  where k.source = request ->> 'source' and k.external_id = request ->> 'externalId';
  if found then
    answer := replay_lead(known.lead_id);
    if answer is null then
      delete from lead_keys k where k.source = request ->> 'source' and k.external_id = request ->> 'externalId';
    elsif known.body_hash <> body_hash then
      return jsonb_build_object('status', 'conflict', 'leadId', known.lead_id);
    end if;
  end if;
  if answer is null and (request -> 'retry')::boolean then
    answer := replay_lead((request ->> 'leadId')::uuid);
  end if;
  if answer is not null and idempotency_key is not null then
    perform keep_idempotency_key(request, (answer ->> 'leadId')::uuid);
  end if;
  return answer;
end $$;

create function keep_idempotency_key(request jsonb, lead_id uuid) returns void language sql as $$
  insert into idempotency_keys as i (api_key_id, key, lead_id, body_hash)
  values ((request #>> '{idempotencyKey,apiKeyId}')::uuid, request #>> '{idempotencyKey,key}', lead_id,
    decode(request ->> 'bodyHash', 'hex'))
  on conflict (api_key_id, key) do update
    set lead_id = excluded.lead_id, body_hash = excluded.body_hash, created_at = excluded.created_at
$$;

-- The part of assign_lead that comes after its locks; a caller that places many leads takes all their locks first.
-- Every call prepares each expression and statement anew, so there are few of them, and the statements take what they
-- store out of the request themselves. Plans are made once and may be made while the tables are empty, when reading a
-- whole table looks cheapest.
create or replace function place_lead(request jsonb) returns jsonb language plpgsql as $$
declare
  candidates constant jsonb := request -> 'candidates';
  wanted constant uuid := request ->> 'leadId';
  lead constant jsonb := request -> 'lead';
  hashes constant bytea[] := array_remove(array[
    decode(request #>> '{personHashes,0}', 'hex'), decode(request #>> '{personHashes,1}', 'hex')], null);
  known record;
  person person_keys;
  sticky uuid;
  answer jsonb;
  seat seat;
  outcome text;
  trace jsonb := request -> 'decision';
begin
  select s.version, uuid_extract_timestamp(wanted) as lead_at,
    exists (select from person_keys p where p.hash = any (hashes)) as is_person,
    (request -> 'retry')::boolean or request ->> 'idempotencyKey' is not null or exists (
      select from lead_keys k where k.source = request ->> 'source' and k.external_id = request ->> 'externalId'
    ) as may_be_known,
    jsonb_array_length(candidates) > 20 or jsonb_array_length(request -> 'personHashes') > 2 as is_too_much into known
  from directory_state s;
  if known.is_too_much then
    raise exception 'too many candidates or person hashes' using errcode = 'invalid_parameter_value';
  end if;

  -- 1. Seen before?
  if known.may_be_known then
    answer := replay_request(request);
    if answer is not null then
      return answer;
    end if;
  end if;

  if known.is_person then
    -- 2. The same person again, and soon? Measured between the leads' own times, whichever came in first.
    select p.* into person
    from person_keys p
    where p.hash = any (hashes) and p.lead_id <> wanted
      and abs(extract(epoch from p.lead_at - known.lead_at)) < 60 * (request -> 'dedupeWindowMinutes')::integer
    order by p.lead_at desc limit 1;
    if found then
      outcome := 'duplicate';
      seat.location_id := case when person.assigned_at >= person.lead_at then person.location_id end;
      trace := trace || '{"candidates": [], "matchLevel": null}';
    elsif not (request -> 'ignoreSticky')::boolean then
      -- 3. A person who has a location stays with it; the last assignment counts when the keys disagree.
      select p.location_id into sticky
      from person_keys p
      where p.hash = any (hashes) and (request -> 'stickyDays')::integer > 0
        and p.assigned_at > known.lead_at - make_interval(days => (request -> 'stickyDays')::integer)
      order by p.assigned_at desc limit 1;
      if sticky is distinct from (request ->> 'stickyKnown')::uuid and sticky is not null
        and (sticky is distinct from (candidates #>> '{0,locationId}')::uuid or candidates -> 0 ? 'pool') then
        return jsonb_build_object('status', 'sticky', 'locationId', sticky);
      end if;
    end if;
  end if;

  -- 4. The first candidate with room.
  if outcome is null then
    seat := take_seat(candidates, (request -> 'maxCatchUpTurns')::integer);
    if seat.location_id is not null then
      outcome := 'assigned';
      if seat.location_id = sticky and seat.candidate_index = 0 and seat.match_level <> 'named' then
        seat.match_level := 'sticky';
      end if;
    elsif seat.skipped <> '[]' and request ->> 'onExhausted' = 'answer' then
      return jsonb_build_object('status', 'exhausted', 'skipped', seat.skipped);
    else
      outcome := 'parked';
    end if;
    -- In the common case the trace came as it is stored.
    if seat.candidate_index is distinct from (request -> 'settledFor')::integer or seat.match_level = 'sticky' then
      trace := settle_trace(trace, candidates, seat);
    end if;
  end if;

  -- 5. Everything together. The locks keep the keys that were not there a moment ago from having come since.
  with lead as (
    insert into leads (id, created_at, source, external_id, first_name, last_name, email, phone, address, city, state,
      postal_code, country, lng, lat, service, score, utm, consent, metadata, status, location_id, duplicate_of,
      assigned_day, match_level, parked_reason, rule_version, decision)
    values (wanted, known.lead_at, request ->> 'source', request ->> 'externalId', lead ->> 'firstName',
      lead ->> 'lastName', lead ->> 'email', lead ->> 'phone', lead ->> 'address', lead ->> 'city', lead ->> 'state',
      lead ->> 'postalCode', lead ->> 'country', (lead ->> 'lng')::double precision,
      (lead ->> 'lat')::double precision, lead ->> 'service', (lead ->> 'score')::double precision,
      nullif(lead -> 'utm', 'null'), nullif(lead -> 'consent', 'null'), nullif(lead -> 'metadata', 'null'), outcome,
      seat.location_id, case when outcome = 'duplicate' then person.lead_id end, seat.day, seat.match_level,
      case when outcome = 'parked' then request ->> 'parkedReason' end, (trace -> 'ruleVersion')::integer, trace)
  ), key as (
    insert into lead_keys (source, external_id, lead_id, body_hash)
    select request ->> 'source', request ->> 'externalId', wanted, decode(request ->> 'bodyHash', 'hex')
    where request ->> 'externalId' is not null
  ), persons as (
    insert into person_keys (hash, lead_id, lead_at, location_id, assigned_at)
    select p.hash, wanted, known.lead_at, seat.location_id, case when outcome = 'assigned' then now() end
    from (values (hashes[1]), (hashes[2])) p (hash) where p.hash is not null and not known.is_person
  )
  insert into outbox (topic, lead_id, payload)
  values ('lead.' || outcome, wanted, jsonb_build_object('leadId', wanted, 'locationId', seat.location_id));

  if known.is_person and outcome = 'duplicate' then
    -- The window counts from the first lead. A key that is new (another e-mail, the same phone) joins the person.
    insert into person_keys (hash, lead_id, lead_at, location_id, assigned_at)
    select hash, person.lead_id, person.lead_at, person.location_id, person.assigned_at from unnest(hashes) hash
    on conflict (hash) do nothing;
  elsif known.is_person then
    -- A lead that was kept through an outage may be older than the one that is known: the newest counts.
    insert into person_keys as p (hash, lead_id, lead_at, location_id, assigned_at)
    select hash, wanted, known.lead_at, seat.location_id, case when outcome = 'assigned' then now() end
    from unnest(hashes) hash
    on conflict (hash) do update set
      lead_id = case when excluded.lead_at > p.lead_at then excluded.lead_id else p.lead_id end,
      lead_at = greatest(excluded.lead_at, p.lead_at),
      location_id = coalesce(excluded.location_id, p.location_id),
      assigned_at = coalesce(excluded.assigned_at, p.assigned_at);
  end if;
  if outcome = 'parked' then
    perform park_lead(request, known.lead_at);
  end if;
  if request ->> 'idempotencyKey' is not null then
    perform keep_idempotency_key(request, wanted);
  end if;

  if outcome = 'assigned' then
    return jsonb_build_object('status', outcome, 'leadId', wanted, 'locationId', seat.location_id,
      'candidateIndex', seat.candidate_index, 'matchLevel', seat.match_level, 'skipped', seat.skipped,
      'used', seat.used, 'dailyCap', seat.daily_cap, 'directoryVersion', known.version);
  elsif outcome = 'parked' then
    return jsonb_build_object('status', outcome, 'leadId', wanted, 'skipped', seat.skipped,
      'reason', request ->> 'parkedReason', 'directoryVersion', known.version);
  end if;
  return jsonb_build_object('status', outcome, 'leadId', wanted, 'locationId', seat.location_id,
    'duplicateOf', person.lead_id, 'directoryVersion', known.version);
end $$;

-- Puts a lead into the parking lot, or counts one more try of one that is there. Due again when the request says so.
create function park_lead(request jsonb, lead_at timestamptz) returns void language sql as $$
  insert into parking_lot as p (lead_id, lead_at, reason, tried_version, next_try_at)
  values ((request ->> 'leadId')::uuid, lead_at, request ->> 'parkedReason',
    coalesce((request -> 'requestDirectoryVersion')::bigint, 0),
    coalesce((request ->> 'nextTryAt')::timestamptz, now() + interval '5 minutes'))
  on conflict (lead_id) do update set reason = excluded.reason, tries = p.tries + 1,
    tried_version = excluded.tried_version, next_try_at = excluded.next_try_at
$$;

-- The common case in one statement: a lead and a person never seen before, and room at the first candidate, who is not of
-- a pool and for whom the trace came as it is stored. Null, with nothing written, in all others. Its caller holds the
-- locks. Every part of it was chosen by measurement: what a statement costs is mostly its preparation, anew in each
-- transaction; and a counter that is there already is updated in half the time of an insert with `on conflict`.
create function place_new_lead(request jsonb) returns jsonb language plpgsql as $$
declare
  lead constant jsonb := request -> 'lead';
  wanted constant uuid := request ->> 'leadId';
  answer jsonb;
begin
  with seat as (
    update location_capacity c set used = c.used + 1, daily_cap = k.daily_cap
    from location_keys k cross join directory_state s
    where request -> 'settledFor' = '0' and request -> 'retry' = 'false' and request -> 'idempotencyKey' = 'null'
      and jsonb_array_length(request -> 'candidates') <= 20 and jsonb_array_length(request -> 'personHashes') <= 2
      and k.id = (request #>> '{candidates,0,locationId}')::uuid and k.active and not k.paused
      and c.location_id = k.id and c.day = (now() at time zone k.timezone)::date
      and (k.daily_cap is null or c.used < k.daily_cap)
      and not exists (
        select from lead_keys l where l.source = request ->> 'source' and l.external_id = request ->> 'externalId')
      and not exists (
        select from person_keys p where p.hash = any (array[
          decode(request #>> '{personHashes,0}', 'hex'), decode(request #>> '{personHashes,1}', 'hex')]))
    returning c.location_id, c.day, c.used, c.daily_cap, s.version
  ), stored as (
    insert into leads (id, created_at, source, external_id, first_name, last_name, email, phone, address, city, state,
      postal_code, country, lng, lat, service, score, utm, consent, metadata, status, location_id, assigned_day,
      match_level, rule_version, decision)
    select wanted, uuid_extract_timestamp(wanted), request ->> 'source', request ->> 'externalId', lead ->> 'firstName',
      lead ->> 'lastName', lead ->> 'email', lead ->> 'phone', lead ->> 'address', lead ->> 'city', lead ->> 'state',
      lead ->> 'postalCode', lead ->> 'country', (lead ->> 'lng')::double precision,
      (lead ->> 'lat')::double precision, lead ->> 'service', (lead ->> 'score')::double precision,
      nullif(lead -> 'utm', 'null'), nullif(lead -> 'consent', 'null'), nullif(lead -> 'metadata', 'null'), 'assigned',
      seat.location_id, seat.day, request #>> '{candidates,0,matchLevel}',
      (request #> '{decision,ruleVersion}')::integer, request -> 'decision'
    from seat
  ), key as (
    insert into lead_keys (source, external_id, lead_id, body_hash)
    select request ->> 'source', request ->> 'externalId', wanted, decode(request ->> 'bodyHash', 'hex')
    from seat where request ->> 'externalId' is not null
  ), persons as (
    insert into person_keys (hash, lead_id, lead_at, location_id, assigned_at)
    select decode(p.hash, 'hex'), wanted, uuid_extract_timestamp(wanted), seat.location_id, now()
    from seat cross join (values (request #>> '{personHashes,0}'), (request #>> '{personHashes,1}')) p (hash)
    where p.hash is not null
  ), news as (
    insert into outbox (topic, lead_id, payload)
    select 'lead.assigned', wanted, jsonb_build_object('leadId', wanted, 'locationId', seat.location_id) from seat
  )
  select jsonb_build_object('status', 'assigned', 'leadId', wanted, 'locationId', seat.location_id, 'candidateIndex', 0,
    'matchLevel', request #> '{candidates,0,matchLevel}', 'skipped', jsonb '[]', 'used', seat.used,
    'dailyCap', seat.daily_cap, 'directoryVersion', seat.version) into answer
  from seat;
  return answer;
end $$;

create or replace function assign_lead(request jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  held boolean;
begin
  -- Two leads with one key, or of one person, take turns: without a row to wait for (the first lead of a person has
  -- none yet) and without a write, so that an answer that stores nothing leaves nothing behind. No key, no lock (the
  -- function is strict). What follows sees what the one before has committed, because every statement of a volatile
  -- function has its own snapshot (read committed). A case asks in its written order, and none of these is ever true.
  held := case
    when (pg_advisory_xact_lock(
      hashtextextended(request ->> 'source' || chr(31) || (request ->> 'externalId'), 1)) is null) is null then false
    when (pg_advisory_xact_lock(hashtextextended(request ->> 'idempotencyKey', 3)) is null) is null then false
    when (pg_advisory_xact_lock(least(hashtextextended(request #>> '{personHashes,0}', 2),
      hashtextextended(request #>> '{personHashes,1}', 2))) is null) is null then false
    when (pg_advisory_xact_lock(greatest(hashtextextended(request #>> '{personHashes,0}', 2),
      hashtextextended(request #>> '{personHashes,1}', 2))) is null) is null then false
    else true end;
  return coalesce(place_new_lead(request), place_lead(request));
end $$;

-- Places up to 500 leads in their order, each as assign_lead would. Batches take turns, so of all who hold a counter
-- and wait for another there is one at a time; it holds every other lock before its first counter.
create function assign_leads(requests jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  request jsonb;
  answers jsonb[] := '{}';
begin
  if jsonb_array_length(requests) not between 1 and 500 then
    raise exception 'a batch has 1 to 500 leads' using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('counters', 0));
  perform pg_advisory_xact_lock(l.number) from (
    select distinct k.class, k.number
    from jsonb_array_elements(requests) r cross join lateral (values
      (1, hashtextextended(r ->> 'source' || chr(31) || (r ->> 'externalId'), 1)),
      (2, hashtextextended(r ->> 'idempotencyKey', 3)),
      (3, hashtextextended(r #>> '{personHashes,0}', 2)),
      (3, hashtextextended(r #>> '{personHashes,1}', 2))) as k (class, number)
    where k.number is not null order by k.class, k.number) l;
  perform hold_turns(requests);
  for request in select jsonb_array_elements(requests) loop
    answers := answers || coalesce(place_new_lead(request), place_lead(request));
  end loop;
  return to_jsonb(answers);
end $$;

create function pool_members(requests jsonb) returns table (pool text, location_id uuid) language sql stable as $$
  select distinct c ->> 'pool', (c ->> 'locationId')::uuid
  from jsonb_array_elements(requests) r, jsonb_array_elements(r -> 'candidates') c where c ? 'pool'
$$;

-- Locks the turns of every pool member that the requests may ask.
create function hold_turns(requests jsonb) returns void language plpgsql as $$
begin
  if exists (
    select from pool_members(requests) m
    where not exists (select from turns t where t.pool = m.pool and t.location_id = m.location_id)
  ) then
    perform pg_advisory_xact_lock(hashtextextended('turns', 0));
  end if;
  perform from turns t where (t.pool, t.location_id) in (select m.pool, m.location_id from pool_members(requests) m)
  order by t.pool, t.location_id for update;
end $$;

-- Gives a lead to the first candidate with room, instead of to whoever has it: the new seat, the old one's return, lead,
-- person, parking lot, time line and outbox together, or nothing.
create function reassign_lead(request jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  wanted constant uuid := request ->> 'leadId';
  hashes constant bytea[] := array(
    select decode(hash, 'hex') from jsonb_array_elements_text(request -> 'personHashes') hash);
  expected constant uuid := request ->> 'expectedLocationId';
  lead leads;
  sent_to jsonb;
  seat seat;
  outcome text;
begin
  if jsonb_array_length(request -> 'candidates') > 20 or cardinality(hashes) > 2 then
    raise exception 'too many candidates or person hashes' using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('counters', 0));
  perform pg_advisory_xact_lock(p.number) from (
    select hashtextextended(hash, 2) as number from jsonb_array_elements_text(request -> 'personHashes') hash
    order by 1) p;
  select * into lead from leads l where l.id = wanted and l.created_at = uuid_extract_timestamp(wanted) for update;
  if not found then
    delete from parking_lot p where p.lead_id = wanted;
    return jsonb_build_object('status', 'not_found');
  end if;
  select e.detail -> 'to' into sent_to from lead_events e
  where e.lead_id = wanted and e.kind in ('reassigned', 'declined', 'retried') and e.message_id = request ->> 'messageId';
  if found then
    return replay_lead(wanted) || jsonb_build_object('to', sent_to);
  end if;
  if lead.status = 'duplicate' or lead.location_id is distinct from expected then
    return jsonb_build_object('status', 'moved', 'storedStatus', lead.status, 'locationId', lead.location_id);
  end if;

  perform hold_turns(jsonb_build_array(request));
  seat := take_seat(request -> 'candidates', (request -> 'maxCatchUpTurns')::integer);
  if seat.location_id is not null then
    outcome := 'assigned';
  elsif request ->> 'whenNobody' = 'park' then
    outcome := 'parked';
  else
    -- A caller that names no time sees to the parking lot itself.
    if lead.status = 'parked' and request ->> 'nextTryAt' is not null then
      perform park_lead(request || jsonb_build_object('parkedReason', lead.parked_reason), lead.created_at);
    end if;
    return jsonb_build_object('status', 'kept', 'skipped', seat.skipped);
  end if;

  -- Only today's seat is of use to anybody else.
  update location_capacity c set used = c.used - 1 from location_keys k
  where c.location_id = expected and c.day = lead.assigned_day and c.used > 0
    and k.id = expected and c.day = (now() at time zone k.timezone)::date;
  update leads l set status = outcome, location_id = seat.location_id, assigned_day = seat.day,
    match_level = seat.match_level, parked_reason = case when outcome = 'parked' then request ->> 'parkedReason' end,
    decision = settle_trace(request -> 'decision', request -> 'candidates', seat),
    rule_version = (request #> '{decision,ruleVersion}')::integer, updated_at = now()
  where l.id = wanted and l.created_at = lead.created_at;
  -- The person follows the lead, unless a later lead of theirs has gone elsewhere.
  update person_keys p set location_id = seat.location_id, assigned_at = case when outcome = 'assigned' then now() end
  where p.hash = any (hashes) and (p.lead_id = wanted or p.location_id is not distinct from expected);
  if outcome = 'parked' then
    perform park_lead(request, lead.created_at);
  else
    delete from parking_lot p where p.lead_id = wanted;
  end if;
  -- A lead that stays in the parking lot is no news.
  if outcome = 'assigned' or lead.status = 'assigned' then
    insert into lead_events (lead_id, kind, detail, message_id)
    values (wanted, request ->> 'kind', jsonb_build_object('from', expected, 'to', seat.location_id,
      'reason', request ->> 'reason'), request ->> 'messageId');
    insert into outbox (topic, lead_id, payload)
    values (case when outcome = 'parked' then 'lead.parked' when lead.status = 'parked' then 'lead.assigned'
      else 'lead.reassigned' end, wanted, jsonb_build_object('leadId', wanted, 'locationId', seat.location_id));
    if request ->> 'kind' = 'declined' then
      insert into outbox (topic, lead_id, payload)
      values ('lead.declined', wanted, jsonb_build_object('leadId', wanted, 'locationId', expected));
    end if;
  end if;
  return case outcome
    when 'assigned' then jsonb_build_object('status', outcome, 'locationId', seat.location_id,
      'candidateIndex', seat.candidate_index, 'matchLevel', seat.match_level, 'skipped', seat.skipped, 'used', seat.used,
      'dailyCap', seat.daily_cap, 'directoryVersion', (select version from directory_state))
    else jsonb_build_object('status', outcome, 'skipped', seat.skipped) end;
end $$;
