-- The ledger of onboarding: runs, their steps, what was sent to HighLevel, tasks for people, and what happened when.
-- db/queries/*-onboarding-*.ts have the shapes of requests and answers.
--
-- A location has one row in onboarding_locations, and whoever works on it holds that row's lease. Each lease carries a
-- number (`fence`), one higher than the last; every later write names it and is refused (`fenced`) once somebody else
-- took over. Times are this database's, so that no two Workers' clocks are compared.
--
-- Locks, in this order: the row of onboarding_locations, the directory (0001), the batch's events (advisory).

-- The brand's settings for onboarding: one document.
create table onboarding_settings (
  only_row boolean primary key default true check (only_row),
  version integer not null default 1,
  document jsonb not null check (jsonb_typeof(document) = 'object'),
  updated_at timestamptz not null default now()
);

-- What outlives a run: a location by its row key. `generation` counts its sub-accounts: it grows when one is given up.
create table onboarding_locations (
  row_key text primary key check (row_key <> ''),
  location_id uuid unique,
  generation integer not null default 1,
  fence bigint not null default 0,
  lease_step text,
  lease_until timestamptz
) with (fillfactor = 70);

create table onboarding_runs (
  id uuid primary key,
  batch text not null check (batch <> ''),
  row_key text not null references onboarding_locations,
  status text not null default 'open'
    check (status in ('open', 'completed', 'rolling_back', 'rolled_back', 'rolled_back_with_tasks')),
  row jsonb not null check (jsonb_typeof(row) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint onboarding_runs_batch_row_key unique (batch, row_key)
) with (fillfactor = 70);

create unique index onboarding_runs_one_open on onboarding_runs (row_key) where status in ('open', 'rolling_back');

create table onboarding_steps (
  run_id uuid not null references onboarding_runs,
  step text not null,
  status text not null default 'pending' check (status in
    ('pending', 'running', 'waiting', 'succeeded', 'failed', 'undoing', 'undo_waiting', 'undone', 'undo_failed')),
  -- Counts beginnings; `polls` those since then that only went on waiting.
  attempt integer not null default 0,
  polls integer not null default 0,
  fields_hash text,
  output jsonb,
  error jsonb,
  started_at timestamptz,
  finished_at timestamptz,
  waits_since timestamptz,
  next_try_at timestamptz,
  primary key (run_id, step)
) with (fillfactor = 70);

-- Written before anything is sent to HighLevel that changes it. Until `settles_at` an unknown outcome may still turn
-- into a change there.
create table onboarding_effects (
  id bigint generated always as identity primary key,
  row_key text not null references onboarding_locations,
  run_id uuid not null references onboarding_runs,
  generation integer not null,
  step text not null,
  effect text not null,
  fence bigint not null,
  -- What is about to be done, and what was there before it.
  intent jsonb not null,
  sent_at timestamptz not null default clock_timestamp(),
  settles_at timestamptz not null,
  outcome text not null default 'unknown' check (outcome in ('unknown', 'done', 'not_done')),
  result jsonb,
  settled_at timestamptz
);

create index onboarding_effects_location on onboarding_effects (row_key, generation);

-- What only a person can do. It belongs to the sub-account, so that a later run does not ask again.
create table onboarding_tasks (
  id uuid primary key default uuidv7(),
  row_key text not null references onboarding_locations,
  generation integer not null,
  kind text not null,
  run_id uuid not null references onboarding_runs,
  title text not null,
  reason text not null,
  link text,
  status text not null default 'open' check (status in ('open', 'done', 'withdrawn')),
  note text,
  created_at timestamptz not null default now(),
  closed_at timestamptz,
  unique (row_key, generation, kind)
);

create index onboarding_tasks_open on onboarding_tasks (id) where status = 'open';

create table onboarding_events (
  id bigint generated always as identity primary key,
  run_id uuid not null references onboarding_runs,
  batch text not null,
  row_key text not null,
  step text,
  kind text not null,
  detail jsonb not null default '{}',
  at timestamptz not null default now()
);

create index onboarding_events_batch on onboarding_events (batch, id);
create index onboarding_events_run on onboarding_events (run_id, id);

-- Held while something that several locations share is read and written: a manager with many units.
create table onboarding_locks (
  name text primary key,
  holder text not null,
  held_until timestamptz not null
);

-- Ids of one batch's events become visible in order: whoever read up to id N has every event up to N.
create function add_onboarding_event(run onboarding_runs, event_step text, event_kind text, event_detail jsonb)
returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('onboarding_events:' || run.batch, 0));
  insert into onboarding_events (run_id, batch, row_key, step, kind, detail, at)
  values (run.id, run.batch, run.row_key, event_step, event_kind, coalesce(event_detail, '{}'), clock_timestamp());
end $$;

create function show_onboarding_run(wanted uuid) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'runId', r.id, 'batch', r.batch, 'rowKey', r.row_key, 'status', r.status, 'row', r.row,
    'createdAt', r.created_at, 'updatedAt', r.updated_at,
    'locationId', l.location_id, 'generation', l.generation,
    'ghlLocationId', (select k.ghl_location_id from location_keys k where k.id = l.location_id),
    'active', (select k.active from location_keys k where k.id = l.location_id),
    'steps', (
      select jsonb_agg(jsonb_build_object('step', s.step, 'status', s.status, 'attempt', s.attempt, 'polls', s.polls,
        'fieldsHash', s.fields_hash, 'output', s.output, 'error', s.error, 'startedAt', s.started_at,
        'finishedAt', s.finished_at, 'waitsSince', s.waits_since, 'nextTryAt', s.next_try_at,
        'isRunning', coalesce(l.lease_step = s.step and l.lease_until > clock_timestamp() and s.status in ('running', 'undoing'),
          false)))
      from onboarding_steps s where s.run_id = r.id),
    'tasks', coalesce((
      select jsonb_agg(jsonb_build_object('taskId', t.id, 'kind', t.kind, 'title', t.title, 'reason', t.reason,
        'link', t.link, 'status', t.status, 'note', t.note, 'createdAt', t.created_at, 'closedAt', t.closed_at)
        order by t.id)
      from onboarding_tasks t
      where t.row_key = r.row_key and (t.generation = l.generation or t.run_id = r.id)), '[]'))
  from onboarding_runs r join onboarding_locations l using (row_key) where r.id = wanted
$$;

-- The same batch and row key is the same run; one that was rolled back begins anew with the row given now. `taken` while
-- another run of the location is open.
create function open_onboarding_run(request jsonb) returns jsonb language plpgsql as $$
declare
  key constant text := request ->> 'rowKey';
  run onboarding_runs;
  other onboarding_runs;
begin
  insert into onboarding_locations (row_key) values (key) on conflict do nothing;
  perform 1 from onboarding_locations where row_key = key for update;
  select * into run from onboarding_runs r where r.batch = request ->> 'batch' and r.row_key = key;
  if found and run.status not in ('rolled_back', 'rolled_back_with_tasks') then
    return jsonb_build_object('status', 'same', 'run', show_onboarding_run(run.id));
  end if;
  select * into other from onboarding_runs r
  where r.row_key = key and r.status in ('open', 'rolling_back');
  if found then
    return jsonb_build_object('status', 'taken', 'runId', other.id, 'batch', other.batch);
  end if;
  if run.id is not null then
    update onboarding_runs set status = 'open', row = request -> 'row', updated_at = now() where id = run.id;
    perform add_onboarding_event(run, null, 'run_opened', jsonb_build_object('again', true));
    return jsonb_build_object('status', 'opened', 'run', show_onboarding_run(run.id));
  end if;
  insert into onboarding_runs (id, batch, row_key, row)
  values ((request ->> 'runId')::uuid, request ->> 'batch', key, request -> 'row') returning * into run;
  insert into onboarding_steps (run_id, step)
  select run.id, step from jsonb_array_elements_text(request -> 'steps') step;
  perform add_onboarding_event(run, null, 'run_opened', null);
  return jsonb_build_object('status', 'opened', 'run', show_onboarding_run(run.id));
end $$;

-- Locks a run's location and answers the run; null when there is none.
create function hold_onboarding_run(wanted uuid) returns onboarding_runs language plpgsql as $$
declare
  run onboarding_runs;
begin
  perform 1 from onboarding_locations l join onboarding_runs r using (row_key) where r.id = wanted for update of l;
  select * into run from onboarding_runs where id = wanted;
  return run;
end $$;

-- Makes a closed run the open one of its location again; false when another one is.
create function reopen_onboarding_run(run onboarding_runs, new_status text) returns boolean language plpgsql as $$
begin
  if exists (
    select from onboarding_runs r
    where r.row_key = run.row_key and r.id <> run.id and r.status in ('open', 'rolling_back')
  ) then
    return false;
  end if;
  update onboarding_runs set status = new_status, updated_at = now() where id = run.id and status <> new_status;
  return true;
end $$;

-- Why a lease on a run's location cannot be had now; null when it can.
create function refuse_onboarding_lease(run onboarding_runs) returns jsonb language sql stable as $$
  select jsonb_build_object('status', 'busy', 'step', l.lease_step,
    'retryAfterSeconds', greatest(1, ceil(extract(epoch from l.lease_until - clock_timestamp()))))
  from onboarding_locations l where l.row_key = run.row_key and l.lease_until > clock_timestamp()
$$;

create function take_onboarding_lease(run onboarding_runs, for_step text, lease_seconds integer)
returns jsonb language plpgsql as $$
declare
  taken onboarding_locations;
begin
  update onboarding_locations
  set fence = fence + 1, lease_step = for_step, lease_until = clock_timestamp() + make_interval(secs => lease_seconds)
  where row_key = run.row_key returning * into taken;
  return jsonb_build_object('status', 'begun', 'fence', taken.fence, 'run', show_onboarding_run(run.id), 'effects',
    coalesce((
      select jsonb_agg(jsonb_build_object('effectId', e.id, 'runId', e.run_id, 'generation', e.generation, 'step', e.step, 'effect', e.effect,
        'intent', e.intent, 'outcome', e.outcome, 'result', e.result,
        'settlesInSeconds', extract(epoch from e.settles_at - clock_timestamp()), 'ageSeconds', extract(epoch from clock_timestamp() - e.sent_at))
        order by e.id)
      from onboarding_effects e
      where e.row_key = run.row_key and (e.generation = taken.generation or e.run_id = run.id)), '[]'));
end $$;

-- Begins a step: `replayed` when it succeeded on the same fields (unless it is wanted `again`), `blocked` while one that it needs has not succeeded.
create function begin_onboarding_step(request jsonb) returns jsonb language plpgsql as $$
declare
  run constant onboarding_runs := hold_onboarding_run((request ->> 'runId')::uuid);
  found_step onboarding_steps;
  missing jsonb;
  refusal jsonb;
begin
  if run.id is null then
    return jsonb_build_object('status', 'not_found');
  end if;
  if run.status not in ('open', 'completed') then
    return jsonb_build_object('status', 'rolled_back');
  end if;
  select * into found_step from onboarding_steps s where s.run_id = run.id and s.step = request ->> 'step';
  if found_step.status = 'succeeded' and found_step.fields_hash = request ->> 'fieldsHash'
    and not coalesce((request ->> 'again')::boolean, false) then
    return jsonb_build_object('status', 'replayed', 'run', show_onboarding_run(run.id));
  end if;
  select jsonb_agg(s.step) into missing from onboarding_steps s
  where s.run_id = run.id and request -> 'needs' ? s.step and s.status <> 'succeeded';
  if missing is not null then
    return jsonb_build_object('status', 'blocked', 'missing', missing);
  end if;
  refusal := refuse_onboarding_lease(run);
  if refusal is not null then
    return refusal;
  end if;
  if not reopen_onboarding_run(run, 'open') then
    return jsonb_build_object('status', 'taken');
  end if;
  if found_step.status = 'waiting' then
    update onboarding_steps set status = 'running', polls = polls + 1, next_try_at = null,
      fields_hash = request ->> 'fieldsHash'
    where run_id = run.id and step = found_step.step;
  else
    update onboarding_steps set status = 'running', attempt = attempt + 1, polls = 0, started_at = now(),
      finished_at = null, waits_since = null, next_try_at = null, error = null, fields_hash = request ->> 'fieldsHash'
    where run_id = run.id and step = found_step.step;
    perform add_onboarding_event(run, found_step.step, 'step_started',
      jsonb_build_object('attempt', found_step.attempt + 1));
  end if;
  return take_onboarding_lease(run, found_step.step, (request ->> 'leaseSeconds')::integer);
end $$;

-- Begins the next undoing of a run: the last of `order` that did something and is not undone yet; `finished` when none is
-- left. The run is `rolling_back` from the first call on.
create function begin_onboarding_undo(request jsonb) returns jsonb language plpgsql as $$
declare
  run constant onboarding_runs := hold_onboarding_run((request ->> 'runId')::uuid);
  next onboarding_steps;
  refusal jsonb;
begin
  if run.id is null then
    return jsonb_build_object('status', 'not_found');
  end if;
  if run.status in ('rolled_back', 'rolled_back_with_tasks') then
    return jsonb_build_object('status', 'replayed', 'run', show_onboarding_run(run.id));
  end if;
  refusal := refuse_onboarding_lease(run);
  if refusal is not null then
    return refusal;
  end if;
  if not reopen_onboarding_run(run, 'rolling_back') then
    return jsonb_build_object('status', 'taken');
  end if;
  if run.status <> 'rolling_back' then
    -- Undoing opens the tasks that are left.
    update onboarding_tasks set status = 'withdrawn', closed_at = now()
    where row_key = run.row_key and run_id = run.id and status = 'open';
    perform add_onboarding_event(run, null, 'roll_back_started', null);
  end if;
  select s.* into next from onboarding_steps s
    join jsonb_array_elements_text(request -> 'order') with ordinality o (step, place) on o.step = s.step
  where s.run_id = run.id and s.attempt > 0 and s.status <> 'undone' order by o.place desc limit 1;
  if next.step is null then
    return jsonb_build_object('status', 'finished', 'run', show_onboarding_run(finish_onboarding_roll_back(run)));
  end if;
  update onboarding_steps set status = 'undoing', error = null, next_try_at = null,
    waits_since = case when next.status in ('undoing', 'undo_waiting') then waits_since end
  where run_id = run.id and step = next.step;
  return take_onboarding_lease(run, next.step, (request ->> 'leaseSeconds')::integer)
    || jsonb_build_object('step', next.step);
end $$;

-- Every step is undone: the run is over. What is left to people are the tasks that undoing opened.
create function finish_onboarding_roll_back(run onboarding_runs) returns uuid language plpgsql as $$
declare
  tasks_left integer;
begin
  select count(*) into tasks_left from onboarding_tasks t
  where t.row_key = run.row_key and t.run_id = run.id and t.status = 'open';
  update onboarding_runs set updated_at = now(),
    status = case when tasks_left > 0 then 'rolled_back_with_tasks' else 'rolled_back' end
  where id = run.id;
  perform add_onboarding_event(run, null, 'run_rolled_back', jsonb_build_object('tasksLeft', tasks_left));
  return run.id;
end $$;

-- Whether the caller still holds the lease of a run's location; prolongs it to `lease_seconds` from now.
create function keep_onboarding_lease(run onboarding_runs, held_fence bigint, lease_seconds integer)
returns boolean language plpgsql as $$
begin
  update onboarding_locations
  set lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => lease_seconds))
  where row_key = run.row_key and fence = held_fence and lease_until > clock_timestamp();
  return found;
end $$;

create function record_onboarding_effect(request jsonb) returns jsonb language plpgsql as $$
declare
  run constant onboarding_runs := hold_onboarding_run((request ->> 'runId')::uuid);
  new_id bigint;
begin
  if not keep_onboarding_lease(run, (request ->> 'fence')::bigint, (request ->> 'leaseSeconds')::integer) then
    return jsonb_build_object('status', 'fenced');
  end if;
  insert into onboarding_effects (row_key, run_id, generation, step, effect, fence, intent, settles_at)
  select run.row_key, run.id, l.generation, request ->> 'step', request ->> 'effect', l.fence,
    coalesce(request -> 'intent', '{}'), clock_timestamp() + make_interval(secs => (request ->> 'settlesAfterSeconds')::float8)
  from onboarding_locations l where l.row_key = run.row_key
  returning id into new_id;
  return jsonb_build_object('status', 'recorded', 'effectId', new_id);
end $$;

-- Points the location at a sub-account (null: none), switches it on or off, and gives up a sub-account's generation.
create function patch_onboarded_location(run onboarding_runs, patch jsonb) returns void language plpgsql as $$
declare
  kept onboarding_locations;
begin
  if patch ? 'locationId' then
    update onboarding_locations set location_id = (patch ->> 'locationId')::uuid
    where row_key = run.row_key and location_id is distinct from (patch ->> 'locationId')::uuid;
  end if;
  select * into kept from onboarding_locations where row_key = run.row_key;
  if patch ? 'ghlLocationId' or patch ? 'active' then
    update locations l set
      ghl_location_id = case when patch ? 'ghlLocationId' then patch ->> 'ghlLocationId' else l.ghl_location_id end,
      active = case when patch ? 'active' then (patch ->> 'active')::boolean else l.active end
    where l.id = kept.location_id
      and l.geo_region = (select k.geo_region from location_keys k where k.id = kept.location_id)
      and (l.ghl_location_id is distinct from
          case when patch ? 'ghlLocationId' then patch ->> 'ghlLocationId' else l.ghl_location_id end
        or l.active is distinct from case when patch ? 'active' then (patch ->> 'active')::boolean else l.active end);
  end if;
  if (patch ->> 'giveUpGeneration')::boolean then
    update onboarding_locations set generation = generation + 1 where row_key = run.row_key;
    -- What earlier runs built went with the sub-account.
    update onboarding_steps s set status = 'undone' from onboarding_runs r
    where s.run_id = r.id and r.row_key = run.row_key and r.id <> run.id and s.status = 'succeeded'
      and s.step <> 'create-record';
  end if;
end $$;

create function settle_onboarding_effect(request jsonb) returns jsonb language plpgsql as $$
declare
  run constant onboarding_runs := hold_onboarding_run((request ->> 'runId')::uuid);
begin
  if not keep_onboarding_lease(run, (request ->> 'fence')::bigint, (request ->> 'leaseSeconds')::integer) then
    return jsonb_build_object('status', 'fenced');
  end if;
  update onboarding_effects set outcome = request ->> 'outcome', result = request -> 'result', settled_at = now(),
    settles_at = case when request ? 'settlesAfterSeconds'
      then clock_timestamp() + make_interval(secs => (request ->> 'settlesAfterSeconds')::float8) else settles_at end
  where id = (request ->> 'effectId')::bigint and row_key = run.row_key;
  perform patch_onboarded_location(run, coalesce(request -> 'location', '{}'));
  return jsonb_build_object('status', 'settled');
end $$;

create function add_onboarding_tasks(run onboarding_runs, tasks jsonb) returns void language plpgsql as $$
declare
  task record;
begin
  for task in
    insert into onboarding_tasks as t (row_key, generation, kind, run_id, title, reason, link)
    select run.row_key, l.generation, n.kind, run.id, n.title, n.reason, n.link
    from onboarding_locations l, jsonb_to_recordset(tasks) as n (kind text, title text, reason text, link text)
    where l.row_key = run.row_key
    on conflict (row_key, generation, kind) do update
      set status = 'open', title = excluded.title, reason = excluded.reason, link = excluded.link, closed_at = null,
        run_id = excluded.run_id
      where t.status = 'withdrawn'
    returning t.kind, t.id
  loop
    perform add_onboarding_event(run, null, 'task_opened', jsonb_build_object('kind', task.kind, 'taskId', task.id));
  end loop;
end $$;

-- Ends a beginning of a step, or of its undoing, and gives back the lease. A run whose steps all succeeded is completed.
create function finish_onboarding_step(request jsonb) returns jsonb language plpgsql as $$
declare
  run onboarding_runs := hold_onboarding_run((request ->> 'runId')::uuid);
  new_status constant text := request ->> 'status';
  was_waiting_for jsonb;
begin
  if not keep_onboarding_lease(run, (request ->> 'fence')::bigint, 0) then
    return jsonb_build_object('status', 'fenced');
  end if;
  -- Before the generation is given up: its tasks belong to the sub-account that is left behind.
  perform add_onboarding_tasks(run, coalesce(request -> 'tasks', '[]'));
  update onboarding_tasks t set status = 'done', closed_at = now() from onboarding_locations l
  where l.row_key = run.row_key and t.row_key = l.row_key and t.generation = l.generation and t.status = 'open'
    and coalesce(request -> 'tasksDone', '[]') ? t.kind;
  perform patch_onboarded_location(run, coalesce(request -> 'location', '{}'));
  update onboarding_locations set lease_step = null, lease_until = null where row_key = run.row_key;
  select s.output -> 'waitsFor' into was_waiting_for from onboarding_steps s
  where s.run_id = run.id and s.step = request ->> 'step';
  update onboarding_steps set
    status = new_status,
    output = coalesce(request -> 'output', output),
    error = request -> 'error',
    finished_at = case when new_status in ('waiting', 'undo_waiting') then finished_at else now() end,
    waits_since = case when new_status in ('waiting', 'undo_waiting') then coalesce(waits_since, now()) end,
    next_try_at = clock_timestamp() + make_interval(secs => (request ->> 'retryAfterSeconds')::float8)
  where run_id = run.id and step = request ->> 'step';
  if new_status not in ('waiting', 'undo_waiting') or was_waiting_for is distinct from request #> '{output,waitsFor}' then
    perform add_onboarding_event(run, request ->> 'step',
      case new_status when 'undone' then 'step_undone' when 'undo_failed' then 'undo_failed'
        when 'undo_waiting' then 'undo_waiting' else 'step_' || new_status end,
      coalesce(request -> 'event', '{}'));
  end if;
  if new_status = 'succeeded' and not exists (
    select from onboarding_steps s where s.run_id = run.id and s.status <> 'succeeded'
  ) then
    update onboarding_runs set status = 'completed', updated_at = now() where id = run.id;
    perform add_onboarding_event(run, null, 'run_completed', null);
  else
    update onboarding_runs set updated_at = now() where id = run.id;
  end if;
  if request ? 'topic' then
    insert into outbox (topic, payload)
    select request ->> 'topic', jsonb_build_object('runId', run.id, 'batch', run.batch, 'rowKey', run.row_key,
      'step', request ->> 'step', 'locationId', l.location_id)
    from onboarding_locations l where l.row_key = run.row_key;
  end if;
  return jsonb_build_object('status', 'finished', 'run', show_onboarding_run(run.id));
end $$;

-- Corrects a run's row. Steps that succeeded on other fields (`outdated`) are pending again.
create function replace_onboarding_row(request jsonb) returns jsonb language plpgsql as $$
declare
  run constant onboarding_runs := hold_onboarding_run((request ->> 'runId')::uuid);
  refusal jsonb;
begin
  if run.id is null then
    return jsonb_build_object('status', 'not_found');
  end if;
  if run.status = 'rolling_back' then
    return jsonb_build_object('status', 'rolled_back');
  end if;
  if run.row = request -> 'row' then
    return jsonb_build_object('status', 'replaced', 'run', show_onboarding_run(run.id));
  end if;
  refusal := refuse_onboarding_lease(run);
  if refusal is not null then
    return refusal;
  end if;
  if run.status = 'completed' and not reopen_onboarding_run(run, 'open') then
    return jsonb_build_object('status', 'taken');
  end if;
  update onboarding_runs set row = request -> 'row', updated_at = now() where id = run.id;
  update onboarding_steps s set status = 'pending'
  where s.run_id = run.id and s.status in ('succeeded', 'waiting')
    and s.fields_hash is distinct from request #>> array['hashes', s.step];
  update onboarding_runs r set status = 'completed' where r.id = run.id and r.status = 'open'
    and not exists (select from onboarding_steps s where s.run_id = run.id and s.status <> 'succeeded');
  perform add_onboarding_event(run, null, 'row_changed', null);
  return jsonb_build_object('status', 'replaced', 'run', show_onboarding_run(run.id));
end $$;
