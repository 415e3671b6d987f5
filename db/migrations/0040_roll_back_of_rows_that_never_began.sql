-- Pauses, resumes, cancels, retries, or rolls back. `refused` says why not. A batch whose rows never began is over when it is
-- rolled back.
create or replace function change_onboarding_batch(request jsonb) returns jsonb language plpgsql as $$
declare
  the_batch constant uuid := (request ->> 'batchId')::uuid;
  action constant text := request ->> 'action';
  batch onboarding_batches;
  changed integer := 1;
  never_began integer;
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
    get diagnostics never_began = row_count;
    update onboarding_batch_rows r set direction = 'back', failures = 0, finished_at = null, due_at = clock_timestamp(),
      status = case when r.status = 'active' then 'active' else 'queued' end,
      turn = case when r.status = 'active' then r.turn else r.turn + 1 end
    where r.batch_id = the_batch and (r.run_id is not null or r.status = 'active')
      and r.status not in ('rolled_back', 'rolled_back_with_tasks')
      and (request ->> 'which' = 'all' or r.status <> 'succeeded')
      and (r.direction = 'forward' or r.status not in ('queued', 'active', 'waiting'));
    get diagnostics changed = row_count;
    changed := changed + never_began;
  end if;
  if changed = 0 then
    return jsonb_build_object('status', 'refused', 'batch', show_onboarding_batch(the_batch));
  end if;
  if action in ('retry', 'roll_back') then
    update onboarding_batches set status = 'running', finished_at = null where id = the_batch;
    perform finish_onboarding_batch(the_batch);
  end if;
  return jsonb_build_object('status', 'changed', 'claimed', claim_onboarding_rows(request),
    'batch', show_onboarding_batch(the_batch));
end $$;
