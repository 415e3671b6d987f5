-- Who is told of what, the events that could not be delivered, and who is called back when onboarding steps are over. A subscription's secret is made from its id and a key of
-- the router, and is stored nowhere.

-- `filter`: every one of its keys must be equal in an event's data. `once`: gone with the first event that is sent.
create table subscriptions (
  id uuid primary key,
  target_url text not null unique check (target_url <> ''),
  topics text[] not null check (cardinality(topics) > 0),
  filter jsonb not null default '{}' check (jsonb_typeof(filter) = 'object'),
  once boolean not null default false,
  created_at timestamptz not null default now(),
  -- One that nobody will take back, such as that of an execution which waits; null lives until it is deleted.
  expires_at timestamptz
);

create index subscriptions_topics on subscriptions using gin (topics);

-- Events that QStash gave up on after its retries, with their body as it was signed: ids, never people's data.
create table undelivered_events (
  subscription_id uuid not null references subscriptions on delete cascade,
  event_id text not null,
  topic text not null,
  event jsonb not null,
  -- What the target last answered; 0 where it did not.
  last_status integer not null,
  failed_at timestamptz not null default now(),
  primary key (subscription_id, event_id)
);

-- A caller that sleeps, such as an execution of n8n: `results` has its items, and what became of the step of each. The row goes
-- when QStash has been told to wake it.
create table onboarding_waits (
  id uuid primary key,
  step text not null,
  resume_url text not null,
  results jsonb not null check (jsonb_typeof(results) = 'array'),
  deadline_at timestamptz not null,
  created_at timestamptz not null default now()
);

create index onboarding_waits_deadline on onboarding_waits (deadline_at);
