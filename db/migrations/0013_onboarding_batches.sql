-- Batches: the rows of a plan, each brought on by a run of its own. QStash carries "go on with this row" messages; what is to
-- be done, by whom and when is here, so a lost message costs minutes and never a row.
--
-- A row that is `queued` waits for a slot, an `active` one has it and calls HighLevel, a `waiting` one is to be looked at
-- again at `due_at` and holds none. `turn` numbers the messages of a row: one of an older turn does nothing.
--
-- Locks: every function here that gives or takes slots holds one advisory lock first, and none of those of 0011.

create table onboarding_batches (
  id uuid primary key,
  -- Of a plan that may be gone by now. A plan is brought on by one batch.
  plan_id uuid not null unique,
  name text not null check (name <> ''),
  status text not null default 'running' check (status in ('running', 'paused', 'cancelled', 'finished')),
  on_failure text not null check (on_failure in ('keep', 'roll_back')),
  -- When one of its rows last got a slot: of two batches with as many active rows, whoever waited longer comes first.
  served_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default now(),
  -- When its last row came to an end; null while rows are under way.
  finished_at timestamptz
);

create index onboarding_batches_unfinished on onboarding_batches (id) where finished_at is null;

create table onboarding_batch_rows (
  batch_id uuid not null references onboarding_batches on delete cascade,
  row_number integer not null,
  row_key text not null,
  action text not null check (action in ('create', 'update')),
  input jsonb not null check (jsonb_typeof(input) = 'object'),
  direction text not null default 'forward' check (direction in ('forward', 'back')),
  status text not null default 'queued' check (status in
    ('queued', 'active', 'waiting', 'succeeded', 'failed', 'cancelled', 'rolled_back', 'rolled_back_with_tasks')),
  run_id uuid references onboarding_runs,
  -- So many of the steps, in their order, are done.
  steps_done integer not null default 0,
  waits_for text,
  turn integer not null default 0,
  -- In a row, since the last step that succeeded.
  failures integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  active_until timestamptz,
  error jsonb,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (batch_id, row_number)
) with (fillfactor = 70);

create index onboarding_batch_rows_open on onboarding_batch_rows (batch_id, status, due_at)
  where status in ('queued', 'active', 'waiting');
create index onboarding_batch_rows_run on onboarding_batch_rows (run_id);

create function hold_onboarding_batches() returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended('onboarding_batches', 0))
$$;

create function show_onboarding_batch(wanted uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('batchId', b.id, 'planId', b.plan_id, 'name', b.name, 'status', b.status,
    'onFailure', b.on_failure, 'createdAt', b.created_at, 'finishedAt', b.finished_at,
    'rows', (
      select coalesce(jsonb_agg(jsonb_build_object('status', g.status, 'direction', g.direction, 'stepsDone', g.steps_done,
        'waitsFor', g.waits_for, 'count', g.count)), '[]')
      from (
        select r.status, r.direction, r.steps_done, r.waits_for, count(*) from onboarding_batch_rows r
        where r.batch_id = b.id group by 1, 2, 3, 4) g))
  from onboarding_batches b where b.id = wanted
$$;

-- Makes a batch of a plan's rows that are to be created or updated; the same plan again is the `same` batch.
create function create_onboarding_batch(request jsonb) returns jsonb language plpgsql as $$
declare
  plan constant uuid := (request ->> 'planId')::uuid;
  made uuid;
begin
  insert into onboarding_batches (id, plan_id, name, on_failure)
  values ((request ->> 'batchId')::uuid, plan, request ->> 'name', request ->> 'onFailure')
  on conflict (plan_id) do nothing returning id into made;
  if made is null then
    return jsonb_build_object('status', 'same', 'batch',
      (select show_onboarding_batch(b.id) from onboarding_batches b where b.plan_id = plan));
  end if;
  insert into onboarding_batch_rows (batch_id, row_number, row_key, action, input)
  select made, p.row_number, p.row_key, p.action, p.input from onboarding_plan_rows p
  where p.plan_id = plan and p.action in ('create', 'update') and p.input is not null;
  return jsonb_build_object('status', 'created', 'batch', show_onboarding_batch(made));
end $$;

-- Gives free slots to rows that are due, and answers them. Each goes to the batch with the fewest active rows. A row that has
-- not begun gets none while `maxLoading` others wait for their snapshot. What a lost message or a dead Worker left behind
-- is due again.
create function claim_onboarding_rows(request jsonb) returns jsonb language plpgsql as $$
declare
  now_is constant timestamptz := clock_timestamp();
  loaded_steps constant integer := (request ->> 'loadedSteps')::integer;
  free integer;
  may_begin integer;
  claimed jsonb := '[]';
  picked onboarding_batch_rows;
begin
  perform hold_onboarding_batches();
  update onboarding_batch_rows r set status = 'queued', active_until = null, due_at = least(r.due_at, now_is)
  from onboarding_batches b
  where b.id = r.batch_id and b.finished_at is null
    and ((r.status = 'active' and r.active_until <= now_is)
      or (r.status = 'waiting' and r.due_at <= now_is - make_interval(secs => (request ->> 'overdueSeconds')::float8)));
  select (request ->> 'maxActive')::integer - count(*) filter (where r.status = 'active'),
    (request ->> 'maxLoading')::integer - count(*) filter (
      where r.direction = 'forward' and r.steps_done < loaded_steps and (r.run_id is not null or r.status = 'active'))
  into free, may_begin
  from onboarding_batch_rows r join onboarding_batches b on b.id = r.batch_id
  where b.finished_at is null and r.status in ('queued', 'active', 'waiting');
  while free > 0 loop
    select due.* into picked from onboarding_batches b cross join lateral (
      select r.* from onboarding_batch_rows r
      where r.batch_id = b.id and r.status = 'queued' and r.due_at <= now_is
        and (may_begin > 0 or r.run_id is not null or r.direction = 'back')
      order by r.due_at, r.row_number limit 1) due
    where b.finished_at is null and b.status = 'running'
    order by (
      select count(*) from onboarding_batch_rows a where a.batch_id = b.id and a.status = 'active'), b.served_at
    limit 1;
    exit when not found;
    update onboarding_batch_rows r set status = 'active', turn = r.turn + 1, waits_for = null,
      active_until = now_is + make_interval(secs => (request ->> 'leaseSeconds')::float8),
      started_at = coalesce(r.started_at, now_is)
    where r.batch_id = picked.batch_id and r.row_number = picked.row_number
    returning * into picked;
    update onboarding_batches set served_at = clock_timestamp() where id = picked.batch_id;
    if picked.run_id is null and picked.direction = 'forward' then
      may_begin := may_begin - 1;
    end if;
    free := free - 1;
    claimed := claimed || jsonb_build_object('batchId', picked.batch_id, 'row', picked.row_number, 'turn', picked.turn);
  end loop;
  return claimed;
end $$;

-- A row's message has come: `begun` with the row while it has a slot, and whom else slots were given meanwhile. `stale`:
-- nothing is to be done. One that came back from waiting takes its turn with all others.
create function begin_onboarding_turn(request jsonb) returns jsonb language plpgsql as $$
declare
  the_batch constant uuid := (request ->> 'batchId')::uuid;
  the_row constant integer := (request ->> 'row')::integer;
  the_turn constant integer := (request ->> 'turn')::integer;
  found_row onboarding_batch_rows;
  claimed jsonb := '[]';
begin
  perform hold_onboarding_batches();
  select * into found_row from onboarding_batch_rows r
  where r.batch_id = the_batch and r.row_number = the_row and r.turn = the_turn;
  if not found or found_row.status not in ('active', 'waiting') then
    return jsonb_build_object('status', 'stale', 'claimed', claimed);
  end if;
  if found_row.status = 'waiting' then
    update onboarding_batch_rows set status = 'queued', due_at = least(due_at, clock_timestamp())
    where batch_id = the_batch and row_number = the_row;
    claimed := claim_onboarding_rows(request);
    -- In the slot at once: the turn stays, so that QStash may bring this message again.
    update onboarding_batch_rows set turn = the_turn
    where batch_id = the_batch and row_number = the_row and status = 'active';
    if not found then
      return jsonb_build_object('status', 'stale', 'claimed', claimed);
    end if;
    select coalesce(jsonb_agg(c), '[]') into claimed from jsonb_array_elements(claimed) c
    where not (c ->> 'batchId' = the_batch::text and (c ->> 'row')::integer = the_row);
  end if;
  update onboarding_batch_rows r
  set active_until = clock_timestamp() + make_interval(secs => (request ->> 'leaseSeconds')::float8)
  where r.batch_id = the_batch and r.row_number = the_row returning * into found_row;
  return jsonb_build_object('status', 'begun', 'claimed', claimed, 'row', jsonb_build_object(
    'rowKey', found_row.row_key, 'input', found_row.input, 'direction', found_row.direction, 'runId', found_row.run_id,
    'stepsDone', found_row.steps_done, 'failures', found_row.failures,
    'onFailure', (select b.on_failure from onboarding_batches b where b.id = the_batch)));
end $$;

-- Notes how far a row is, and whether its Worker is to go on with it in the same turn.
create function advance_onboarding_turn(request jsonb) returns jsonb language plpgsql as $$
declare
  moved onboarding_batch_rows;
begin
  update onboarding_batch_rows r set
    run_id = coalesce((request ->> 'runId')::uuid, r.run_id),
    steps_done = coalesce((request ->> 'stepsDone')::integer, r.steps_done),
    failures = case when request ? 'stepsDone' then 0 else r.failures end,
    active_until = clock_timestamp() + make_interval(secs => (request ->> 'leaseSeconds')::float8)
  where r.batch_id = (request ->> 'batchId')::uuid and r.row_number = (request ->> 'row')::integer
    and r.turn = (request ->> 'turn')::integer and r.status = 'active'
  returning * into moved;
  return jsonb_build_object('goOn', coalesce(moved.direction = request ->> 'direction' and (
    select b.status = 'running' from onboarding_batches b where b.id = moved.batch_id), false));
end $$;

-- A batch whose last row has come to its end is over, and subscribers are told.
create function finish_onboarding_batch(the_batch uuid) returns boolean language plpgsql as $$
begin
  if exists (
    select from onboarding_batch_rows r where r.batch_id = the_batch and r.status in ('queued', 'active', 'waiting')
  ) then
    return false;
  end if;
  update onboarding_batches set finished_at = now(),
    status = case when status = 'cancelled' then status else 'finished' end
  where id = the_batch and finished_at is null;
  if not found then
    return false;
  end if;
  insert into outbox (topic, payload)
  select 'batch.finished', jsonb_build_object('batchId', the_batch, 'total', count(*),
    'succeeded', count(*) filter (where status = 'succeeded'), 'failed', count(*) filter (where status = 'failed'),
    'cancelled', count(*) filter (where status = 'cancelled'),
    'rolledBack', count(*) filter (where status like 'rolled_back%'))
  from onboarding_batch_rows where batch_id = the_batch;
  return true;
end $$;

-- Ends a turn: the row waits, is over, or is to be taken up again, whatever was asked of its batch meanwhile.
create function end_onboarding_turn(request jsonb) returns jsonb language plpgsql as $$
declare
  the_batch constant uuid := (request ->> 'batchId')::uuid;
  wanted text := request ->> 'status';
  found_row onboarding_batch_rows;
  batch_status text;
  new_direction text;
  is_over boolean;
begin
  perform hold_onboarding_batches();
  select * into found_row from onboarding_batch_rows r
  where r.batch_id = the_batch and r.row_number = (request ->> 'row')::integer
    and r.turn = (request ->> 'turn')::integer and r.status = 'active';
  if not found then
    return jsonb_build_object('turn', null, 'finished', false, 'claimed', claim_onboarding_rows(request));
  end if;
  select b.status into batch_status from onboarding_batches b where b.id = the_batch;
  new_direction := coalesce(request ->> 'turnTo', found_row.direction);
  if found_row.direction <> request ->> 'direction' then
    wanted := 'queued';
  elsif wanted in ('queued', 'waiting', 'active') and batch_status = 'cancelled' then
    wanted := 'cancelled';
  elsif wanted = 'active' and batch_status <> 'running' then
    wanted := 'queued';
  end if;
  is_over := wanted not in ('queued', 'waiting', 'active');
  update onboarding_batch_rows r set status = wanted, direction = new_direction, turn = r.turn + 1,
    failures = coalesce((request ->> 'failures')::integer, 0),
    steps_done = coalesce((request ->> 'stepsDone')::integer, r.steps_done),
    waits_for = case when wanted = 'waiting' then request ->> 'waitsFor' end,
    error = case when request ? 'error' then request -> 'error' when wanted = 'succeeded' then null else r.error end,
    due_at = clock_timestamp()
      + case when wanted = 'waiting' then make_interval(secs => (request ->> 'delaySeconds')::float8) else interval '0' end,
    active_until = case when wanted = 'active'
      then clock_timestamp() + make_interval(secs => (request ->> 'leaseSeconds')::float8) end,
    finished_at = case when is_over then now() end
  where r.batch_id = the_batch and r.row_number = found_row.row_number returning * into found_row;
  return jsonb_build_object(
    'turn', case when wanted in ('waiting', 'active') then found_row.turn end,
    'finished', finish_onboarding_batch(the_batch),
    'claimed', claim_onboarding_rows(request));
end $$;

-- Rows whose message QStash did not take wait for the next claim.
create function release_onboarding_rows(given jsonb, after_seconds integer) returns void language plpgsql as $$
begin
  perform hold_onboarding_batches();
  update onboarding_batch_rows r set status = 'queued', active_until = null,
    due_at = clock_timestamp() + make_interval(secs => after_seconds)
  from jsonb_to_recordset(given) as g ("batchId" uuid, "row" integer, turn integer)
  where r.batch_id = g."batchId" and r.row_number = g."row" and r.turn = g.turn and r.status = 'active';
end $$;

-- Pauses, resumes, cancels, retries, or rolls back. `refused` says why not.
create function change_onboarding_batch(request jsonb) returns jsonb language plpgsql as $$
declare
  the_batch constant uuid := (request ->> 'batchId')::uuid;
  action constant text := request ->> 'action';
  batch onboarding_batches;
  changed integer := 1;
begin
  perform hold_onboarding_batches();
  select * into batch from onboarding_batches where id = the_batch;
  if not found then
    return jsonb_build_object('status', 'not_found');
  end if;
  if action = 'pause' then
    update onboarding_batches set status = 'paused' where id = the_batch and status = 'running' and finished_at is null;
    get diagnostics changed = row_count;
    changed := case when batch.status = 'paused' then 1 else changed end;
  elsif action = 'resume' then
    update onboarding_batches set status = 'running' where id = the_batch and status = 'paused';
    get diagnostics changed = row_count;
    changed := case when batch.status = 'running' then 1 else changed end;
  elsif action = 'cancel' then
    if batch.finished_at is not null and batch.status <> 'cancelled' then
      return jsonb_build_object('status', 'refused', 'batch', show_onboarding_batch(the_batch));
    end if;
    update onboarding_batches set status = 'cancelled' where id = the_batch;
    update onboarding_batch_rows r set status = 'cancelled', turn = r.turn + 1, finished_at = now(), waits_for = null
    where r.batch_id = the_batch and r.status in ('queued', 'waiting');
    perform finish_onboarding_batch(the_batch);
  elsif action = 'retry' then
    update onboarding_batch_rows r set status = 'queued', turn = r.turn + 1, failures = 0, error = null,
      due_at = clock_timestamp(), finished_at = null
    where r.batch_id = the_batch and r.status in ('failed', 'cancelled')
      and (not request ? 'rows' or request -> 'rows' @> to_jsonb(r.row_number));
    get diagnostics changed = row_count;
  elsif action = 'roll_back' then
    -- Rows that never began have nothing to undo.
    update onboarding_batch_rows r set status = 'cancelled', turn = r.turn + 1, finished_at = now()
    where r.batch_id = the_batch and r.run_id is null and r.status in ('queued', 'waiting');
    update onboarding_batch_rows r set direction = 'back', failures = 0, finished_at = null, due_at = clock_timestamp(),
      status = case when r.status = 'active' then 'active' else 'queued' end,
      turn = case when r.status = 'active' then r.turn else r.turn + 1 end
    where r.batch_id = the_batch and (r.run_id is not null or r.status = 'active')
      and r.status not in ('rolled_back', 'rolled_back_with_tasks')
      and (request ->> 'which' = 'all' or r.status <> 'succeeded')
      and (r.direction = 'forward' or r.status not in ('queued', 'active', 'waiting'));
    get diagnostics changed = row_count;
  end if;
  if changed = 0 then
    return jsonb_build_object('status', 'refused', 'batch', show_onboarding_batch(the_batch));
  end if;
  if action in ('retry', 'roll_back') then
    update onboarding_batches set status = 'running', finished_at = null where id = the_batch;
  end if;
  return jsonb_build_object('status', 'changed', 'claimed', claim_onboarding_rows(request),
    'batch', show_onboarding_batch(the_batch));
end $$;

-- Lets a batch go on with a location's open run that an earlier batch has left unfinished: it becomes this batch's.
create function hand_over_onboarding_run(request jsonb) returns jsonb language plpgsql as $$
declare
  run constant onboarding_runs := hold_onboarding_run((request ->> 'runId')::uuid);
begin
  if run.status = 'open' and exists (
    select from onboarding_batch_rows r where r.run_id = run.id and r.batch_id::text = run.batch
      and r.status in ('failed', 'cancelled')
  ) and not exists (
    select from onboarding_batch_rows r where r.run_id = run.id and r.status in ('queued', 'active', 'waiting')
  ) then
    update onboarding_runs set batch = request ->> 'batch', updated_at = now() where id = run.id;
    return jsonb_build_object('status', 'handed_over');
  end if;
  return jsonb_build_object('status', 'kept');
end $$;
