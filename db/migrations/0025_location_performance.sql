-- How each location does on its own day, for dashboards that ask often.

-- Leads that the location has and that came on its day, how many of them are won, and its seats. A day begins at midnight in the
-- location's own time zone, and is the one of the refresh.
create materialized view location_performance_realtime as
select k.id as location_id, d.day, l.leads as leads_today, l.won as conversions,
  round(l.won::numeric / nullif(l.leads, 0), 4) as conversion_rate,
  coalesce(c.used, 0) as used, k.daily_cap,
  round(coalesce(c.used, 0)::numeric / nullif(k.daily_cap, 0), 4) as utilisation
from location_keys k
cross join lateral (select (now() at time zone k.timezone)::date as day) d
cross join lateral (
  select count(*)::integer as leads, (count(*) filter (where l.stage = 'won'))::integer as won
  from leads l
  where l.location_id = k.id and l.status = 'assigned'
    and l.created_at >= d.day::timestamp at time zone k.timezone
    and l.created_at < (d.day + 1)::timestamp at time zone k.timezone) l
left join location_capacity c on c.location_id = k.id and c.day = d.day;

-- What `concurrently` needs; and lists are read in its order.
create unique index location_performance_realtime_location on location_performance_realtime (location_id);

-- As of when the view is: written with it, so that a reader of either sees the other's.
create table location_performance_refreshes (
  only_row boolean primary key default true check (only_row),
  refreshed_at timestamptz not null
);
insert into location_performance_refreshes (refreshed_at) values (now());

-- Readers go on while it works. `busy`, and nothing done, where somebody refreshes it already.
create function refresh_location_performance() returns text language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('refresh_location_performance', 0)) then return 'busy'; end if;
  refresh materialized view concurrently location_performance_realtime;
  -- The view's own now() is this one too.
  update location_performance_refreshes set refreshed_at = now();
  return 'refreshed';
end $$;
