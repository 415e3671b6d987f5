-- Drift: what active locations have at HighLevel, held against the rows of their runs and the brand's settings.

create table onboarding_drift_reports (
  id uuid primary key,
  kind text not null check (kind in ('asked', 'nightly')),
  status text not null default 'running' check (status in ('running', 'finished')),
  -- Numbers its messages: one of an older turn does nothing.
  turn integer not null default 0,
  -- When nobody has gone on with a running one until then, the minute's Cron does.
  due_at timestamptz not null,
  is_told boolean not null default false,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);

create index onboarding_drift_reports_running on onboarding_drift_reports (due_at) where status = 'running';

create table onboarding_drift_rows (
  report_id uuid not null references onboarding_drift_reports on delete cascade,
  location_id uuid not null,
  status text not null default 'pending'
    check (status in ('pending', 'ok', 'drifted', 'unchecked', 'repairing', 'repaired')),
  -- What is not as it should be, by name.
  findings jsonb not null default '[]' check (jsonb_typeof(findings) = 'array'),
  error jsonb,
  tries integer not null default 0,
  -- Whoever takes a row that is to be looked at moves this to when it may be taken again.
  due_at timestamptz not null default clock_timestamp(),
  checked_at timestamptz,
  primary key (report_id, location_id)
) with (fillfactor = 70);

create index onboarding_drift_rows_due on onboarding_drift_rows (report_id, due_at) where status in ('pending', 'repairing');

-- Where the last night's looking round stopped; null: it came to the end, and the next one begins anew.
create table onboarding_drift_cursor (
  only_row boolean primary key default true check (only_row),
  after_location uuid
);

insert into onboarding_drift_cursor default values;

create function show_drift_report(wanted uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('reportId', r.id, 'kind', r.kind, 'status', r.status, 'turn', r.turn, 'createdAt', r.created_at,
    'finishedAt', r.finished_at, 'counts', (
      select coalesce(jsonb_object_agg(c.status, c.count), '{}')
      from (select status, count(*) from onboarding_drift_rows where report_id = r.id group by status) c))
  from onboarding_drift_reports r where r.id = wanted
$$;

-- A report over active locations that a run has brought on: those named, or all; a nightly one goes on after the last one's end
-- with so many as its budget allows. `null` where a nightly one is still under way.
create function create_drift_report(request jsonb) returns jsonb language plpgsql as $$
declare
  made constant uuid := (request ->> 'reportId')::uuid;
  most constant integer := (request ->> 'limit')::integer;
  is_nightly constant boolean := request ->> 'kind' = 'nightly';
  after_id uuid;
  taken integer;
  last_id uuid;
begin
  if is_nightly then
    select after_location into after_id from onboarding_drift_cursor for update;
    if exists (select from onboarding_drift_reports where kind = 'nightly' and status = 'running') then
      return null;
    end if;
  end if;
  insert into onboarding_drift_reports (id, kind, due_at)
  values (made, request ->> 'kind', now() + make_interval(secs => (request ->> 'dueSeconds')::float8));
  insert into onboarding_drift_rows (report_id, location_id)
  select made, l.location_id from onboarding_locations l join location_keys k on k.id = l.location_id
  where k.active and k.ghl_location_id is not null
    and exists (select from onboarding_runs r where r.row_key = l.row_key and r.status = 'completed')
    and (not request ? 'locationIds' or request -> 'locationIds' ? l.location_id::text)
    and (after_id is null or l.location_id > after_id)
  order by l.location_id limit most;
  get diagnostics taken = row_count;
  if is_nightly then
    select d.location_id into last_id from onboarding_drift_rows d where d.report_id = made order by d.location_id desc limit 1;
    update onboarding_drift_cursor set after_location = case when taken = most then last_id end;
  end if;
  perform finish_drift_report(made);
  return show_drift_report(made);
end $$;

-- Takes rows that are due, for so many seconds, with what each is held against: the row of the location's last run.
create function take_drift_rows(request jsonb) returns jsonb language sql as $$
  with due as materialized (
    select d.report_id, d.location_id from onboarding_drift_rows d
    where d.report_id = (request ->> 'reportId')::uuid and d.status in ('pending', 'repairing') and d.due_at <= clock_timestamp()
    order by d.due_at, d.location_id limit (request ->> 'limit')::integer for update skip locked),
  taken as (
    update onboarding_drift_rows d set tries = d.tries + 1,
      due_at = clock_timestamp() + make_interval(secs => (request ->> 'leaseSeconds')::float8)
    from due where d.report_id = due.report_id and d.location_id = due.location_id
    returning d.location_id, d.status, d.tries, d.findings)
  select coalesce(jsonb_agg(jsonb_build_object('locationId', t.location_id, 'status', t.status, 'tries', t.tries,
    'findings', t.findings, 'ghlLocationId', k.ghl_location_id, 'runId', r.id, 'row', r.row)), '[]')
  from taken t join location_keys k on k.id = t.location_id
    join onboarding_locations l on l.location_id = t.location_id
    left join lateral (
      select r.id, r.row from onboarding_runs r where r.row_key = l.row_key and r.status in ('completed', 'open')
      order by r.updated_at desc limit 1) r on true
$$;

-- A report without a row to look at is over; the first time, subscribers are told if something was found.
create function finish_drift_report(the_report uuid) returns boolean language plpgsql as $$
declare
  was_told boolean;
  found_drift integer;
begin
  if exists (select from onboarding_drift_rows d where d.report_id = the_report and d.status in ('pending', 'repairing')) then
    return false;
  end if;
  select is_told into was_told from onboarding_drift_reports where id = the_report and status = 'running' for update;
  if not found then
    return false;
  end if;
  select count(*) into found_drift from onboarding_drift_rows where report_id = the_report and status = 'drifted';
  if found_drift > 0 and not was_told then
    insert into outbox (topic, payload)
    select 'drift.found', jsonb_build_object('reportId', the_report, 'drifted', found_drift, 'checked', count(*))
    from onboarding_drift_rows where report_id = the_report;
  end if;
  update onboarding_drift_reports set status = 'finished', finished_at = now(), is_told = true where id = the_report;
  return true;
end $$;

-- Ends a turn: `next` is the number of the next message and when it is due; null when the report is over.
create function end_drift_turn(request jsonb) returns jsonb language plpgsql as $$
declare
  the_report constant uuid := (request ->> 'reportId')::uuid;
  next_turn integer;
  is_over boolean;
begin
  update onboarding_drift_rows d set status = g.status, findings = coalesce(g.findings, d.findings), error = g.error,
    tries = case when g.status in ('pending', 'repairing') then d.tries else 0 end,
    due_at = clock_timestamp() + make_interval(secs => coalesce(g."delaySeconds", 0)),
    checked_at = case when g.status in ('pending', 'repairing') then d.checked_at else now() end
  from jsonb_to_recordset(request -> 'rows') as g ("locationId" uuid, status text, findings jsonb, error jsonb, "delaySeconds" float8)
  where d.report_id = the_report and d.location_id = g."locationId" and d.status in ('pending', 'repairing');
  is_over := finish_drift_report(the_report);
  update onboarding_drift_reports set turn = turn + 1, due_at = now() + make_interval(secs => (request ->> 'dueSeconds')::float8)
  where id = the_report and status = 'running' and turn = (request ->> 'turn')::integer returning turn into next_turn;
  return jsonb_build_object('finished', is_over, 'next', case when next_turn is not null then jsonb_build_object(
    'turn', next_turn, 'delaySeconds', (
      select greatest(0, extract(epoch from min(d.due_at) - clock_timestamp())) from onboarding_drift_rows d
      where d.report_id = the_report and d.status in ('pending', 'repairing'))) end);
end $$;

-- Has what drifted repaired: of the locations named, or of all. Null: there is no such report; else how many will be.
create function repair_drift(request jsonb) returns jsonb language plpgsql as $$
declare
  the_report constant uuid := (request ->> 'reportId')::uuid;
  asked integer;
  the_turn integer;
begin
  select turn into the_turn from onboarding_drift_reports where id = the_report for update;
  if not found then
    return null;
  end if;
  update onboarding_drift_rows d set status = 'repairing', error = null, tries = 0, due_at = clock_timestamp()
  where d.report_id = the_report and d.status = 'drifted'
    and (not request ? 'locationIds' or request -> 'locationIds' ? d.location_id::text);
  get diagnostics asked = row_count;
  if asked > 0 then
    update onboarding_drift_reports set status = 'running', finished_at = null, turn = turn + 1,
      due_at = now() + make_interval(secs => (request ->> 'dueSeconds')::float8)
    where id = the_report returning turn into the_turn;
  end if;
  return jsonb_build_object('asked', asked, 'turn', the_turn);
end $$;
