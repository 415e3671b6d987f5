-- Whole files at once: every row or none.

-- Upserts locations by franchise code; rows that change nothing are not touched and do not move the directory.
-- `rows` is a list of objects in the names of db/queries/upsert-locations.ts.
create function upsert_locations(rows jsonb) returns jsonb language plpgsql as $$
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
    "managerEmail" text, services text[], "ghlLocationId" text, active boolean);

  -- As it would be afterwards: who shares a sub-account?
  select jsonb_agg(codes) into contested from (
    select jsonb_agg(code order by code) as codes from (
      select i."franchiseCode" as code, coalesce(i."ghlLocationId", k.ghl_location_id) as sub_account
      from incoming i left join location_keys k on k.franchise_code = i."franchiseCode"
      union all
      select k.franchise_code, k.ghl_location_id from location_keys k
      where k.ghl_location_id in (select i."ghlLocationId" from incoming i)
        and not exists (select from incoming i where i."franchiseCode" = k.franchise_code)
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
    ghl_location_id = coalesce(i."ghlLocationId", l.ghl_location_id), active = i.active
  from incoming i join location_keys k on k.franchise_code = i."franchiseCode"
  where l.id = k.id and l.geo_region = k.geo_region
    and (l.geo_region, l.name, l.address, l.city, l.state, l.postal_code, l.country, l.lng, l.lat, l.geo_confidence,
      l.phone, l.email, l.website, l.timezone, l.daily_cap, l.region, l.opening_date, l.manager_name, l.manager_email,
      l.services, l.ghl_location_id, l.active)
    is distinct from (i."geoRegion", i.name, i.address, i.city, i.state, i."postalCode", i.country, i.lng, i.lat,
      i."geoConfidence", i.phone, i.email, i.website, i.timezone, i."dailyCap", i.region, i."openingDate",
      i."managerName", i."managerEmail", i.services, coalesce(i."ghlLocationId", l.ghl_location_id), i.active);
  get diagnostics updated = row_count;

  insert into locations (geo_region, name, franchise_code, ghl_location_id, address, city, state, postal_code, country,
    lng, lat, geo_confidence, phone, email, website, timezone, daily_cap, region, opening_date, manager_name,
    manager_email, services, active, directory_version)
  select i."geoRegion", i.name, i."franchiseCode", i."ghlLocationId", i.address, i.city, i.state, i."postalCode",
    i.country, i.lng, i.lat, i."geoConfidence", i.phone, i.email, i.website, i.timezone, i."dailyCap", i.region,
    i."openingDate", i."managerName", i."managerEmail", i.services, i.active, 0
  from incoming i
  where not exists (select from location_keys k where k.franchise_code = i."franchiseCode");
  get diagnostics created = row_count;

  set constraints location_keys_ghl_location_id_key immediate;
  drop table incoming;
  return jsonb_build_object('created', created, 'updated', updated,
    'unchanged', jsonb_array_length(rows) - created - updated);
end $$;

-- Stores `rows` under the next version: a draft or, with `publish_at`, published. The very rows that are in
-- effect are not published again with `is_now`: their version is answered. Franchise codes that nobody has, in any case, store nothing and are
-- answered.
create function import_territories(rows jsonb, report jsonb, publish_at timestamptz, is_now boolean) returns jsonb
language plpgsql as $$
declare
  made integer;
  unknown jsonb;
  held record;
begin
  -- As every writer of the directory: this row before any other.
  if publish_at is not null then perform 1 from directory_state for update; end if;
  create temporary table incoming on commit drop as
  select r.*, k.id as location_id
  from jsonb_to_recordset(rows) as r (
    "row" integer, kind text, value text, "franchiseCode" text, exclusive boolean, "from" date, "to" date)
  left join location_keys k on lower(k.franchise_code) = lower(r."franchiseCode");
  select jsonb_agg(code order by code) into unknown
  from (select distinct i."franchiseCode" as code from incoming i where i.location_id is null limit 500) nobody;
  if unknown is not null then
    drop table incoming;
    return jsonb_build_object('unknownFranchiseCodes', unknown);
  end if;
  if exists (
    select from incoming a join incoming b on b.kind = a.kind and b.value = a.value and b."row" > a."row"
    where daterange(a."from", a."to") && daterange(b."from", b."to")
  ) then
    raise exception 'a place has two owners on one day' using errcode = 'exclusion_violation',
      constraint = 'territories_one_owner';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('territory_versions', 0));
  select v.version, v.rows_version, v.total into held from territory_versions v
  where v.status = 'published' and v.effective_at <= publish_at
  order by v.effective_at desc, v.version desc limit 1;
  if is_now and held.total = jsonb_array_length(rows) and not exists (
    select i.kind, i.value, i.location_id, i.exclusive, i."from", i."to" from incoming i
    except select t.kind, t.value, t.location_id, t.exclusive, t.effective_from, t.effective_to
    from territories t where t.version = held.rows_version
  ) then
    drop table incoming;
    return jsonb_build_object('version', held.version);
  end if;
  insert into territory_versions (version, rows_version, total, report)
  select coalesce(max(v.version), 0) + 1, coalesce(max(v.version), 0) + 1, jsonb_array_length(rows),
    import_territories.report
  from territory_versions v
  returning version into made;
  insert into territories (version, row, kind, value, location_id, exclusive, effective_from, effective_to)
  select made, i."row", i.kind, i.value, i.location_id, i.exclusive, i."from", i."to" from incoming i;
  if publish_at is not null then
    update territory_versions v set status = 'published', effective_at = publish_at, published_at = now()
    where v.version = made;
  end if;
  drop table incoming;
  return jsonb_build_object('version', made);
end $$;

-- Publishes the rows of a published version anew, under the next version, from now on. Null when it is not published.
create function restore_territories(wanted integer, publish_at timestamptz) returns integer language plpgsql as $$
declare
  made integer;
begin
  perform 1 from directory_state for update;
  perform pg_advisory_xact_lock(hashtextextended('territory_versions', 0));
  insert into territory_versions (version, rows_version, total, report, status, effective_at, published_at)
  select (select max(version) + 1 from territory_versions), v.rows_version, v.total, v.report, 'published', publish_at,
    now()
  from territory_versions v where v.version = wanted and v.status = 'published'
  returning version into made;
  return made;
end $$;
