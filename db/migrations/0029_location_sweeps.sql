-- When a location's sub-account was last asked for what its webhooks did not tell.
create table location_sweeps (
  location_id uuid primary key,
  swept_at timestamptz not null
);

create index location_sweeps_oldest on location_sweeps (swept_at);
