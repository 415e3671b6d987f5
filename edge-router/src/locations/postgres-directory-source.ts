import { countLocations } from '../../../db/queries/count-locations.ts';
import { readActiveRules } from '../../../db/queries/read-active-rules.ts';
import { readApiKeys } from '../../../db/queries/read-api-keys.ts';
import { readDirectoryHead } from '../../../db/queries/read-directory-head.ts';
import { readDirectoryLocations, type DirectoryLocationRow } from '../../../db/queries/read-directory-locations.ts';
import { readScheduledRules } from '../../../db/queries/read-scheduled-rules.ts';
import { readNamedLocations, readNearestLocations } from '../../../db/queries/read-slice-locations.ts';
import { readTerritories } from '../../../db/queries/read-territories.ts';
import { readTerritoryVersions } from '../../../db/queries/read-territory-versions.ts';
import type { AppDeps } from '../deps.ts';
import { rulesDocumentSchema } from '../leads/rules/routing-rules.ts';
import { asLocationId } from '../rules/ids.ts';
import type { TerritoryRow } from './rules/territory-index.ts';
import type { Slice, SliceAsk } from './directory-slices.ts';
import type { DirectorySource } from './directory-source.ts';
import { measureDistanceMiles } from './rules/distance.ts';
import type { DirectoryApiKey, DirectoryData, DirectoryLocation, DirectoryVersions } from './rules/directory.ts';

const LOCATIONS_PER_PAGE = 5000;
const TERRITORIES_PER_PAGE = 20_000;
/** 1,000 pages are 5,000,000 locations: past any directory an isolate can hold. */
const MAX_PAGES = 1000;

/** Some zone's day is always another than UTC's. */
const KEPT_AFTER_END_MS = 2 * 86_400_000;

/** Postgres' arithmetic and ours may round differently. */
const ROUNDING_MILES = 0.001;

type Deps = Pick<AppDeps, 'database' | 'nowMs'>;

/** The directory from Postgres, page by page. Throws when it cannot be reached, or when published rules are malformed. */
export function createPostgresDirectorySource(deps: Deps): DirectorySource {
  return {
    readVersions: () => readDirectoryHead(deps.database),
    countLocations: () => countLocations(deps.database),
    readThin: async () => {
      const versions = await readDirectoryHead(deps.database);
      const [rules, territoryVersions, apiKeys] = await Promise.all([
        readRules(deps),
        readCarriedVersions(deps),
        readKeys(deps),
      ]);
      return { ...versions, ...rules, territoryVersions, apiKeys };
    },
    readTerritories: async () => (await readTerritoryParts(deps)).territories,
    readLocationPages: () => readLocationPages(deps, { sinceVersion: null }),
    readChange: (since, limits) => readChange(deps, { since, maxLocations: limits?.maxLocations ?? Infinity }),
    readSlice: (ask) => readSlice(deps, ask),
  };
}

async function readChange(
  deps: Deps,
  { since, maxLocations }: { since: DirectoryVersions; maxLocations: number },
): ReturnType<DirectorySource['readChange']> {
  const versions = await readDirectoryHead(deps.database);
  const [changedLocations, territories, rules, apiKeys] = await Promise.all([
    readChangedLocations(deps, { sinceVersion: since.version, maxLocations }),
    versions.territoriesVersion === since.territoriesVersion ? undefined : readTerritoryParts(deps),
    versions.rulesVersion === since.rulesVersion ? undefined : readRules(deps),
    versions.keysVersion === since.keysVersion ? undefined : readKeys(deps),
  ]);
  if (!changedLocations) return null;
  return {
    ...versions,
    changedLocations,
    ...territories,
    ...rules,
    ...(apiKeys ? { apiKeys } : {}),
  };
}

async function readChangedLocations(
  deps: Deps,
  { sinceVersion, maxLocations }: { sinceVersion: number; maxLocations: number },
): Promise<DirectoryLocation[] | null> {
  const changed: DirectoryLocation[] = [];
  for await (const page of readLocationPages(deps, { sinceVersion })) {
    for (const location of page) changed.push(location);
    if (changed.length > maxLocations) return null;
  }
  return changed;
}

async function* readLocationPages(
  deps: Deps,
  { sinceVersion }: { sinceVersion: number | null },
): AsyncGenerator<readonly DirectoryLocation[]> {
  let afterId: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const rows: DirectoryLocationRow[] = await readDirectoryLocations(deps.database, {
      sinceVersion,
      afterId,
      limit: LOCATIONS_PER_PAGE,
    });
    yield rows.map(toDirectoryLocation);
    if (rows.length < LOCATIONS_PER_PAGE) return;
    afterId = rows.at(-1)?.[0] ?? null;
  }
  throw new Error('more locations than the directory can hold');
}

/** Every point is measured; the territories are for the caller to hold. */
async function readSlice(deps: Deps, { names, near }: SliceAsk): Promise<Slice> {
  const [named, nearest] = await Promise.all([
    names.length > 0 ? readNamedLocations(deps.database, names) : [],
    near ? readNearestLocations(deps.database, near) : [],
  ]);
  const nearby = nearest.map(toDirectoryLocation);
  const nearbyIds = new Set(nearby.map(({ id }) => id));
  const others = named.map(toDirectoryLocation).filter(({ id }) => !nearbyIds.has(id));
  const isCut = near !== null && nearby.length >= near.limit;
  const distances = near ? nearby.map((location) => measureDistanceMiles(near.coordinates, location.coordinates)) : [];
  const horizonMiles = isCut ? Math.max(...distances) - ROUNDING_MILES : (near?.radiusMiles ?? Infinity);
  return { locations: [...nearby, ...others], territories: null, horizonMiles };
}

function toDirectoryLocation(row: DirectoryLocationRow): DirectoryLocation {
  const [id, name, franchiseCode, ghlLocationId, lng, lat, city, state, postalCode, timezone, ...rest] = row;
  const [services, active, paused, dailyCap, hours, holidays, conversionRate] = rest;
  return {
    id: asLocationId(id),
    name,
    franchiseCode,
    ghlLocationId,
    coordinates: { lng, lat },
    city: city ?? '',
    state: state ?? '',
    postalCode: postalCode ?? '',
    timezone,
    services,
    active,
    paused,
    dailyCap,
    hours,
    holidays,
    conversionRate,
  };
}

type TerritoryParts = Required<Pick<DirectoryData, 'territories' | 'territoryVersions'>>;

function readCarriedVersions(deps: Deps): Promise<TerritoryParts['territoryVersions']> {
  return readTerritoryVersions(deps.database, new Date(deps.nowMs()).toISOString());
}

/** The version in effect and those to come, and the rows of all of them: what they have in common comes once. */
async function readTerritoryParts(deps: Deps): Promise<TerritoryParts> {
  const nowMs = deps.nowMs();
  const territoryVersions = await readCarriedVersions(deps);
  const versions = [...new Set(territoryVersions.map(({ rowsVersion }) => rowsVersion))];
  const hasTimeBefore = !territoryVersions.some(({ effectiveAtMs }) => effectiveAtMs <= nowMs);
  const since = new Date(nowMs - KEPT_AFTER_END_MS).toISOString().slice(0, 10);
  const territories: TerritoryRow[] = [];
  let after: { kind: string; value: string } | null = null;
  for (let page = 0; page < MAX_PAGES && versions.length > 0; page++) {
    const rows: readonly TerritoryRow[] = await readTerritories(deps.database, {
      versions,
      hasTimeBefore,
      since,
      after,
      limit: TERRITORIES_PER_PAGE,
    });
    for (const row of rows) territories.push(row);
    const last = rows.at(-1);
    if (!last || rows.length < TERRITORIES_PER_PAGE) return { territories, territoryVersions };
    after = { kind: last[0], value: last[1] };
  }
  if (versions.length > 0) throw new Error('more territories than the directory can hold');
  return { territories, territoryVersions };
}

/** The rules in effect, and those to come: nothing is counted as a change when their time comes. */
async function readRules(deps: Deps): Promise<Required<Pick<DirectoryData, 'rules' | 'scheduledRules'>>> {
  const now = new Date(deps.nowMs()).toISOString();
  const [active, scheduled] = await Promise.all([
    readActiveRules(deps.database, now),
    readScheduledRules(deps.database, now),
  ]);
  const parse = ({ version, document }: { version: number; document?: unknown }) => ({
    ...rulesDocumentSchema.parse(document),
    version,
  });
  const scheduledRules = scheduled.map((row) => ({ effectiveAtMs: row.effectiveAtMs, rules: parse(row) }));
  return { rules: parse(active), scheduledRules };
}

function readKeys(deps: Deps): Promise<readonly DirectoryApiKey[]> {
  return readApiKeys(deps.database);
}
