-- Gives free slots to rows that are due, and answers them. Each goes to the batch with the fewest active rows. A row that has
-- not begun gets none while `maxLoading` others of running batches wait for their snapshot: those of a paused one may wait for
-- days. What a lost message or a dead Worker left behind is due again, and in a cancelled batch is cancelled, too, so that the
-- batch ends.
create or replace function claim_onboarding_rows(request jsonb) returns jsonb language plpgsql as $$
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
  update onboarding_batch_rows r set status = 'cancelled', turn = r.turn + 1, finished_at = now(), waits_for = null
  from onboarding_batches b
  where b.id = r.batch_id and b.finished_at is null and b.status = 'cancelled' and r.status in ('queued', 'waiting');
  perform finish_onboarding_batch(b.id) from onboarding_batches b where b.finished_at is null and b.status = 'cancelled';
  select (request ->> 'maxActive')::integer - count(*) filter (where r.status = 'active'),
    (request ->> 'maxLoading')::integer - count(*) filter (
      where r.direction = 'forward' and r.steps_done < loaded_steps
        and (r.status = 'active' or (r.run_id is not null and b.status = 'running')))
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
