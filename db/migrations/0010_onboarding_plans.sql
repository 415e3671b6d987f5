-- Plans of locations to bring on: what a file says, checked and compared with what exists. Nothing but these three tables
-- is written by planning. A plan and its rows live for 7 days: they hold people's data.

-- How a brand's own headings are read. `columns`: heading of the file -> standard heading.
create table onboarding_mappings (
  name text primary key check (name <> ''),
  columns jsonb not null check (jsonb_typeof(columns) = 'object'),
  email_rule text check (email_rule <> ''),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- `summary` is what the plan says besides its rows: counts, estimate, mapping, the first errors and warnings.
create table onboarding_plans (
  id uuid primary key,
  on_invalid text not null check (on_invalid in ('reject', 'skip')),
  runnable boolean not null,
  summary jsonb not null check (jsonb_typeof(summary) = 'object'),
  geocoding text not null check (geocoding in ('none', 'pending', 'done', 'gave_up')),
  geocoding_failures integer not null default 0,
  -- When nobody has gone on with a pending one until then, the minute's Cron does.
  geocoding_due_at timestamptz not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create index onboarding_plans_expiry on onboarding_plans (expires_at);
create index onboarding_plans_geocoding_due on onboarding_plans (geocoding_due_at) where geocoding = 'pending';

-- A row of the file by the number that a spreadsheet shows. `input` is null where the row is invalid; `cells` are kept of
-- those alone, to be given back. `geocoding` is null for a row whose address is not asked for.
create table onboarding_plan_rows (
  plan_id uuid not null references onboarding_plans (id) on delete cascade,
  row_number integer not null,
  row_key text,
  action text not null check (action in ('create', 'update', 'skip', 'invalid')),
  location_id uuid,
  sub_account text check (sub_account in ('create', 'adopt', 'keep')),
  input jsonb,
  cells jsonb,
  changes jsonb not null default '[]',
  errors jsonb not null default '[]',
  warnings jsonb not null default '[]',
  geocoding text check (geocoding in ('pending', 'match', 'no_match', 'tie', 'far_from_postal_code')),
  primary key (plan_id, row_number),
  check ((action = 'invalid') = (input is null))
);

create index onboarding_plan_rows_ungeocoded on onboarding_plan_rows (plan_id, row_number) where geocoding = 'pending';
create unique index onboarding_plan_rows_key on onboarding_plan_rows (plan_id, row_key) where input is not null;

-- Writes what became of up to some hundred addresses, `{ rowNumber, outcome, input }`, only over rows that still wait, and
-- whether the plan is done. Answers how many still wait.
create function save_geocodes(the_plan uuid, answers jsonb, next_seconds integer) returns integer language plpgsql as $$
declare
  waiting integer;
begin
  perform 1 from onboarding_plans where id = the_plan for update;
  update onboarding_plan_rows r set geocoding = a.outcome, input = coalesce(a.input, r.input)
  from jsonb_to_recordset(answers) as a ("rowNumber" integer, outcome text, input jsonb)
  where r.plan_id = the_plan and r.row_number = a."rowNumber" and r.geocoding = 'pending';
  select count(*) into waiting from onboarding_plan_rows where plan_id = the_plan and geocoding = 'pending';
  update onboarding_plans set geocoding = case when waiting = 0 then 'done' else geocoding end, geocoding_failures = 0,
    geocoding_due_at = now() + make_interval(secs => next_seconds)
  where id = the_plan and geocoding = 'pending';
  return waiting;
end $$;
