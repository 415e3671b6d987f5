-- As before; where a file does not say whether a location is active, it stays what it was. A new one is.
create or replace function upsert_locations(rows jsonb) returns jsonb language plpgsql as $$
declare
  created integer;
  updated integer;
  contested jsonb;
begin
  perform 1 from directory_state for update;
  -- One file may give a location the sub-account that another of its rows gives up.
  set constraints location_keys_ghl_location_id_key deferred;

  create temporary table incoming on commit drop as
  select r.* from jsonb_to_recordset(rows) as r (
    "franchiseCode" text, name text, address text, city text, state text, "postalCode" text, country text,
    lng double precision, lat double precision, "geoConfidence" text, phone text, email text, website text,
    timezone text, "dailyCap" integer, region text, "geoRegion" text, "openingDate" date, "managerName" text,
    "managerEmail" text, services text[], "ghlLocationId" text, active boolean,
    hours jsonb, holidays date[], "conversionRate" double precision);

  -- As it would be afterwards: who shares a sub-account?
  select jsonb_agg(codes) into contested from (
    select jsonb_agg(code order by code) as codes from (
      select i."franchiseCode" as code, coalesce(i."ghlLocationId", k.ghl_location_id) as sub_account
      from incoming i left join location_keys k on lower(k.franchise_code) = lower(i."franchiseCode")
      union all
      select k.franchise_code, k.ghl_location_id from location_keys k
      where k.ghl_location_id in (select i."ghlLocationId" from incoming i)
        and not exists (select from incoming i where lower(i."franchiseCode") = lower(k.franchise_code))
    ) afterwards
    where sub_account is not null group by sub_account having count(*) > 1 limit 100
  ) shared;
  if contested is not null then
    drop table incoming;
    return jsonb_build_object('contested', contested);
  end if;

  update locations l set
    geo_region = i."geoRegion", name = i.name, address = i.address, city = i.city, state = i.state,
    postal_code = i."postalCode", country = i.country, lng = i.lng, lat = i.lat, geo_confidence = i."geoConfidence",
    phone = i.phone, email = i.email, website = i.website, timezone = i.timezone, daily_cap = i."dailyCap",
    region = i.region, opening_date = i."openingDate", manager_name = i."managerName",
    manager_email = i."managerEmail", services = i.services,
    ghl_location_id = coalesce(i."ghlLocationId", l.ghl_location_id), active = coalesce(i.active, l.active),
    hours = coalesce(i.hours, l.hours), holidays = coalesce(i.holidays, l.holidays),
    conversion_rate = coalesce(i."conversionRate", l.conversion_rate)
  from incoming i join location_keys k on lower(k.franchise_code) = lower(i."franchiseCode")
  where l.id = k.id and l.geo_region = k.geo_region
    and (l.geo_region, l.name, l.address, l.city, l.state, l.postal_code, l.country, l.lng, l.lat, l.geo_confidence,
      l.phone, l.email, l.website, l.timezone, l.daily_cap, l.region, l.opening_date, l.manager_name, l.manager_email,
      l.services, l.ghl_location_id, l.active, l.hours, l.holidays, l.conversion_rate)
    is distinct from (i."geoRegion", i.name, i.address, i.city, i.state, i."postalCode", i.country, i.lng, i.lat,
      i."geoConfidence", i.phone, i.email, i.website, i.timezone, i."dailyCap", i.region, i."openingDate",
      i."managerName", i."managerEmail", i.services, coalesce(i."ghlLocationId", l.ghl_location_id),
      coalesce(i.active, l.active), coalesce(i.hours, l.hours), coalesce(i.holidays, l.holidays), coalesce(i."conversionRate", l.conversion_rate));
  get diagnostics updated = row_count;

  insert into locations (geo_region, name, franchise_code, ghl_location_id, address, city, state, postal_code, country,
    lng, lat, geo_confidence, phone, email, website, timezone, daily_cap, region, opening_date, manager_name,
    manager_email, services, active, hours, holidays, conversion_rate, directory_version)
  select i."geoRegion", i.name, i."franchiseCode", i."ghlLocationId", i.address, i.city, i.state, i."postalCode",
    i.country, i.lng, i.lat, i."geoConfidence", i.phone, i.email, i.website, i.timezone, i."dailyCap", i.region,
    i."openingDate", i."managerName", i."managerEmail", i.services, coalesce(i.active, true), i.hours,
    coalesce(i.holidays, '{}'), i."conversionRate", 0
  from incoming i
  where not exists (select from location_keys k where lower(k.franchise_code) = lower(i."franchiseCode"));
  get diagnostics created = row_count;

  set constraints location_keys_ghl_location_id_key immediate;
  drop table incoming;
  return jsonb_build_object('created', created, 'updated', updated,
    'unchanged', jsonb_array_length(rows) - created - updated);
end $$;
