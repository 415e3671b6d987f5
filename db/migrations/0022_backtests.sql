-- Past leads routed again by other rules or territories, on paper: nothing here changes a lead.

-- `before_side` and `after_side` say what the two sides go by: `{"kind": "assigned"}`, or rules (with their document) and a version of
-- the territories, as they were when it was asked for. Slices of leads are done one after the other: `slice` is the number of the
-- next, `cursor` the last lead of the one before, `state` the seats and turns so far, `tally` the counts so far.
create table backtests (
  id uuid primary key,
  name text,
  status text not null default 'running' check (status in ('running', 'finished', 'cancelled', 'failed')),
  selection jsonb not null,
  before_side jsonb not null,
  after_side jsonb not null,
  at timestamptz not null,
  directory_version bigint not null,
  total integer not null,
  done integer not null default 0,
  slice integer not null default 0,
  cursor text,
  state jsonb not null default '{}',
  tally jsonb,
  -- Made when it ends: how many leads go from whom to whom.
  pairs jsonb,
  directory_changed boolean,
  error text,
  -- When the minute's Cron goes on with it, should nobody have; and how often it did for this slice.
  due_at timestamptz not null,
  sweeps integer not null default 0,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);

create index backtests_due on backtests (due_at) where status = 'running';

-- Leads of an uploaded file, in the order of their times. No person's data.
create table backtest_leads (
  backtest_id uuid not null,
  position integer not null,
  lead jsonb not null,
  primary key (backtest_id, position)
);

-- Where the persons of a running backtest are: by a hash that no other backtest has.
create table backtest_persons (
  backtest_id uuid not null,
  hash text not null,
  places jsonb not null,
  primary key (backtest_id, hash)
);

-- The leads that go to somebody else. Null is the parking lot.
create table backtest_moves (
  backtest_id uuid not null,
  position integer not null,
  lead_id uuid,
  source_row integer,
  postal_code text,
  from_location uuid,
  to_location uuid,
  primary key (backtest_id, position)
);
