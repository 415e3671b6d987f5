-- Reports over long times: computed slice by slice, kept, and answered from here. Counts only, nothing of persons.

-- `question` is the hash of what was asked, so that the same question finds the same report. Slices are done one after the other:
-- `slice` is the number of the next.
create table analytics_reports (
  id uuid primary key,
  question text not null,
  from_day date not null,
  to_day date not null,
  -- Null is all; `locations` is how many there were when it was asked for.
  location_ids uuid[],
  locations integer not null,
  status text not null default 'running' check (status in ('running', 'finished', 'failed')),
  slices integer not null,
  slice integer not null default 0,
  -- How far the replica was behind at most; null where the primary was read.
  replica_lag_seconds double precision,
  error text,
  -- When the minute's Cron goes on with it, should nobody have; and how often it did for this slice.
  due_at timestamptz not null,
  sweeps integer not null default 0,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);

-- One question is computed once at a time.
create unique index analytics_reports_running on analytics_reports (question) where status = 'running';
create index analytics_reports_question on analytics_reports (question, created_at);
create index analytics_reports_due on analytics_reports (due_at) where status = 'running';

create table analytics_report_rows (
  report_id uuid not null,
  location_id uuid not null,
  day date not null,
  counts jsonb not null,
  primary key (report_id, location_id, day)
);
