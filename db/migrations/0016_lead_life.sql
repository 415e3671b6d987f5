-- What becomes of a lead after it was assigned, and what the brand decides about that.

-- Null until the location's sub-account has it. A lead that is given to another location begins again.
alter table leads
  add column stage text check (stage in ('delivered', 'contacted', 'won', 'lost')),
  add column delivered_at timestamptz,
  add column contacted_at timestamptz,
  add column closed_at timestamptz;

-- One document; what it does not say has the defaults of the code.
create table lead_settings (
  only_row boolean primary key default true check (only_row),
  version integer not null default 1,
  document jsonb not null check (jsonb_typeof(document) = 'object'),
  updated_at timestamptz not null default now()
);
