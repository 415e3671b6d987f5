-- Parked leads are tried again by whoever claims them. `claimed_until` is the end of that lease: a claimer that dies leaves
-- its leads to the next one.
alter table parking_lot add column claimed_until timestamptz;

-- In the order in which they are claimed: those that waited longest since they were tried, of these the oldest.
create index parking_lot_turn on parking_lot (tried_version, lead_at);
