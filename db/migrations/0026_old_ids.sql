-- Leads and locations that came from another system: what they were called there, which of its rows could not come, and
-- how far a move is. db/scale-up has the steps; docs/scale-up.md is the runbook.

-- `kind` is `location`, `lead` or `routing_log` (whose id is that of its lead).
create table old_ids (
  kind text not null check (kind in ('location', 'lead', 'routing_log')),
  old_id text not null,
  id uuid not null,
  primary key (kind, old_id)
);

-- Rows that break a rule, whole, as the source has them. A row leaves when it was put right there.
create table scale_up_quarantine (
  kind text not null check (kind in ('locations', 'leads', 'routingLogs', 'capacity')),
  old_id text not null,
  reason text not null,
  row jsonb not null,
  at timestamptz not null default now(),
  primary key (kind, old_id)
);

-- One row for each step of the move. `cursor` is the key of the last row that is in, written with that row.
create table scale_up_steps (
  step text primary key,
  cursor jsonb,
  rows bigint not null default 0,
  detail jsonb,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);

-- Makes the partitions of all months from `first_month` to `last_month`, as ensure_lead_partitions does for those to come.
create function ensure_past_lead_partitions(first_month date, last_month date) returns text[] language plpgsql as $$
declare
  starts timestamp := date_trunc('month', first_month::timestamp);
  starts_at timestamptz;
  ends_at timestamptz;
  partition text;
  made text[] := '{}';
begin
  if first_month < date '2000-01-01' or last_month > current_date + 62 then
    raise exception 'leads are of 2000 or later, and of no month to come' using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('ensure_lead_partitions', 0));
  while starts <= last_month loop
    starts_at := starts at time zone 'UTC';
    ends_at := (starts + interval '1 month') at time zone 'UTC';
    partition := 'leads_' || to_char(starts, 'YYYY_MM');
    starts := starts + interval '1 month';
    continue when to_regclass(partition) is not null;
    execute format('create table %I (like leads including defaults including constraints)
      with (toast_tuple_target = 8160)', partition);
    lock table leads_default in access exclusive mode;
    execute format('with moved as (delete from leads_default where created_at >= %L and created_at < %L returning *)
      insert into %I select * from moved', starts_at, ends_at, partition);
    execute format('alter table leads attach partition %I for values from (%L) to (%L)', partition, starts_at, ends_at);
    made := made || partition;
  end loop;
  return made;
end $$;
