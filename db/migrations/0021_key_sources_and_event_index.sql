-- The sources whose leads a key may send; null: any. A website's key need not be able to speak for another's.
alter table api_keys add column sources text[] check (cardinality(sources) > 0);

-- `webhook_events_newest` begins with the same column.
drop index webhook_events_received;
