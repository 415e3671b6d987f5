-- Takes rows that are due, for so many seconds, with what each is held against: the row of the location's last run, which an open
-- run has not brought into the location's record yet.
create or replace function take_drift_rows(request jsonb) returns jsonb language sql as $$
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
    'findings', t.findings, 'ghlLocationId', k.ghl_location_id, 'runId', r.id, 'runStatus', r.status, 'row', r.row)), '[]')
  from taken t join location_keys k on k.id = t.location_id
    join onboarding_locations l on l.location_id = t.location_id
    left join lateral (
      select r.id, r.status, r.row from onboarding_runs r where r.row_key = l.row_key and r.status in ('completed', 'open')
      order by r.updated_at desc limit 1) r on true
$$;
