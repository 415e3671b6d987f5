-- Begins the next undoing of a run: the last of `order` that did something and is not undone yet; `finished` when none is
-- left. The run is `rolling_back` from the first call on. Tasks that were opened since the run was, and those of a
-- sub-account that is to be undone, are withdrawn; those that an earlier roll back has left stay, for nothing opens them again.
create or replace function begin_onboarding_undo(request jsonb) returns jsonb language plpgsql as $$
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
    update onboarding_tasks t set status = 'withdrawn', closed_at = now() from onboarding_locations l
    where l.row_key = run.row_key and t.row_key = l.row_key and t.run_id = run.id and t.status = 'open'
      and (exists (
          select from onboarding_events o
          where o.run_id = run.id and o.kind = 'task_opened' and o.detail ->> 'taskId' = t.id::text and o.id > (
            select max(e.id) from onboarding_events e where e.run_id = run.id and e.kind = 'run_opened'))
        or (t.generation = l.generation and exists (
          select from onboarding_steps s
          where s.run_id = run.id and s.step = 'create-sub-account' and s.attempt > 0 and s.status <> 'undone')));
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
