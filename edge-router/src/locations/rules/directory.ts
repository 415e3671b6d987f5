import type { LocationId } from '../../rules/ids.ts';
import type { Rules } from '../../leads/rules/routing-rules.ts';
import type { Coordinates } from './distance.ts';
import { buildGeoIndex, type GeoIndex } from './geo-index.ts';
import { findLocalDay, type WeeklyHours } from './opening-hours.ts';
import {
  buildTerritoryIndex,
  type TerritoryIndex,
  type TerritoryMoment,
  type TerritoryRow,
} from './territory-index.ts';

/** One location as the router needs it to decide. Everything else stays in Postgres. */
export interface DirectoryLocation {
  readonly id: LocationId;
  readonly name: string;
  readonly franchiseCode: string;
  readonly ghlLocationId: string | null;
  readonly coordinates: Coordinates;
  readonly city: string;
  readonly state: string;
  readonly postalCode: string;
  readonly timezone: string;
  readonly services: readonly string[];
  readonly active: boolean;
  readonly paused: boolean;
  readonly dailyCap: number | null;
  /** Null: open at all times. */
  readonly hours: WeeklyHours | null;
  /** Days it is closed, YYYY-MM-DD in its own time zone, ascending. */
  readonly holidays: readonly string[];
  /** Share of its leads that became customers, 0 to 1; null where it is not known. */
  readonly conversionRate: number | null;
}

export interface DirectoryApiKey {
  readonly id: string;
  readonly keyHash: string;
  readonly scopes: readonly string[];
  /** Whose leads it may send; null: any. */
  readonly sources: readonly string[] | null;
  readonly expiresAtMs: number | null;
}

/** Published rules whose time has not come when they are read. */
export interface ScheduledRules {
  readonly effectiveAtMs: number;
  readonly rules: Rules;
}

/** A published version of the territories: the one in effect when it was read, or one whose time has not come. */
export interface TerritoryVersion {
  readonly version: number;
  /** The version whose rows it has: its own, or that which it restores. */
  readonly rowsVersion: number;
  readonly effectiveAtMs: number;
}

/** Versions of the parts; `version` grows with every change of any of them. */
export interface DirectoryVersions {
  readonly version: number;
  readonly territoriesVersion: number;
  readonly rulesVersion: number;
  readonly keysVersion: number;
}

/** The directory as plain data: what travels through Redis and what Postgres is asked for. */
export interface DirectoryData extends DirectoryVersions {
  readonly locations: readonly DirectoryLocation[];
  /** Of all `territoryVersions`, those of days to come and gone by included. */
  readonly territories: readonly TerritoryRow[];
  /** In the order in which they take effect; left out where there are none. */
  readonly territoryVersions?: readonly TerritoryVersion[];
  readonly rules: Rules;
  /** In the order in which they take effect; left out where there are none. */
  readonly scheduledRules?: readonly ScheduledRules[];
  readonly apiKeys: readonly DirectoryApiKey[];
}

/** The directory as it is held in an isolate: the data with its indexes. Immutable; a refresh makes a new one. */
export interface Directory extends DirectoryVersions {
  readonly rules: Rules;
  readonly scheduledRules: readonly ScheduledRules[];
  readonly locationsById: ReadonlyMap<string, DirectoryLocation>;
  /** By the code in lower case: people type it either way. */
  readonly idsByFranchiseCode: ReadonlyMap<string, LocationId>;
  readonly idsByGhlLocationId: ReadonlyMap<string, LocationId>;
  readonly territoryVersions: readonly TerritoryVersion[];
  /** The version in effect; every decision records it. Null before the first. */
  readonly territoryVersion: number | null;
  /** Kept to make the index of another moment. */
  readonly territoryRows: readonly TerritoryRow[];
  readonly territories: TerritoryIndex;
  readonly apiKeysByHash: ReadonlyMap<string, DirectoryApiKey>;
  /** Active locations in the order of the geo index, sorted by id so that ties always fall the same way. */
  readonly activeLocations: readonly DirectoryLocation[];
  readonly geoIndex: GeoIndex;
}

/** Before `activateDue` says which: rows without days that all versions share. */
const NO_MOMENT: TerritoryMoment = { day: '', rowsVersion: null };

/** Builds the isolate's form, for `activateDue` to say what of it is in effect: about 40 ms of CPU for 100,000 locations, most of it the geo index. */
export function buildDirectory(data: DirectoryData): Directory {
  const locationsById = new Map<string, DirectoryLocation>();
  for (const location of data.locations) locationsById.set(location.id, location);
  return {
    ...pickVersions(data),
    rules: data.rules,
    scheduledRules: data.scheduledRules ?? [],
    ...indexLocations(locationsById),
    territoryVersions: data.territoryVersions ?? [],
    territoryVersion: null,
    territoryRows: data.territories,
    territories: buildTerritoryIndex(data.territories, NO_MOMENT),
    apiKeysByHash: indexApiKeys(data.apiKeys),
  };
}

/** What a refresh brings: changed locations always, the other parts only when their version moved. */
export interface DirectoryChange extends DirectoryVersions {
  readonly changedLocations: readonly DirectoryLocation[];
  readonly territories?: DirectoryData['territories'];
  /** Comes with `territories`, but for a slice's. */
  readonly territoryVersions?: readonly TerritoryVersion[];
  readonly rules?: Rules;
  /** Comes with `rules`. */
  readonly scheduledRules?: readonly ScheduledRules[];
  readonly apiKeys?: readonly DirectoryApiKey[];
}

/** Applies a change; what did not change is shared with the old directory, which stays valid. */
export function applyDirectoryChange(directory: Directory, change: DirectoryChange): Directory {
  return {
    ...directory,
    ...pickVersions(change),
    ...(change.rules ? { rules: change.rules, scheduledRules: change.scheduledRules ?? [] } : {}),
    ...(change.territories
      ? {
          territoryRows: change.territories,
          territories: buildTerritoryIndex(change.territories, directory.territories.moment),
        }
      : {}),
    ...(change.territoryVersions ? { territoryVersions: change.territoryVersions } : {}),
    ...(change.apiKeys ? { apiKeysByHash: indexApiKeys(change.apiKeys) } : {}),
    ...(change.changedLocations.length > 0 ? mergeLocations(directory, change.changedLocations) : {}),
  };
}

/**
 * The directory with the rules and territories that are in effect at `nowMs`. A copy carries what is to come, because no
 * version moves when its time does, nor when the brand's day ends.
 */
export function activateDue(directory: Directory, nowMs: number): Directory {
  return activateDueTerritories(activateDueRules(directory, nowMs), nowMs);
}

function activateDueRules(directory: Directory, nowMs: number): Directory {
  const due = directory.scheduledRules.findLast((scheduled) => scheduled.effectiveAtMs <= nowMs);
  if (!due) return directory;
  const scheduledRules = directory.scheduledRules.filter((scheduled) => scheduled.effectiveAtMs > nowMs);
  return { ...directory, rules: due.rules, scheduledRules };
}

function activateDueTerritories(directory: Directory, nowMs: number): Directory {
  const due = directory.territoryVersions.findLast(({ effectiveAtMs }) => effectiveAtMs <= nowMs);
  const { moment, changesWithTime } = directory.territories;
  const rowsVersion = due?.rowsVersion ?? null;
  const territoryVersion = due?.version ?? null;
  const day = findLocalDay(directory.rules.timezone, nowMs);
  const isSame = moment.day === day && moment.rowsVersion === rowsVersion;
  if (isSame && directory.territoryVersion === territoryVersion) return directory;
  const now = { day, rowsVersion };
  const territories =
    changesWithTime && !isSame
      ? buildTerritoryIndex(directory.territoryRows, now)
      : { ...directory.territories, moment: now };
  return { ...directory, territoryVersion, territories };
}

/** The versions alone, of anything that carries them. */
export function pickVersions(versions: DirectoryVersions): DirectoryVersions {
  const { version, territoriesVersion, rulesVersion, keysVersion } = versions;
  return { version, territoriesVersion, rulesVersion, keysVersion };
}

type LocationIndexes = Pick<
  Directory,
  'locationsById' | 'idsByFranchiseCode' | 'idsByGhlLocationId' | 'activeLocations' | 'geoIndex'
>;

function mergeLocations(directory: Directory, changed: readonly DirectoryLocation[]): LocationIndexes {
  const locationsById = new Map(directory.locationsById);
  for (const location of changed) locationsById.set(location.id, location);
  return indexLocations(locationsById);
}

function indexLocations(locationsById: ReadonlyMap<string, DirectoryLocation>): LocationIndexes {
  const idsByFranchiseCode = new Map<string, LocationId>();
  const idsByGhlLocationId = new Map<string, LocationId>();
  const activeLocations: DirectoryLocation[] = [];
  for (const location of locationsById.values()) {
    idsByFranchiseCode.set(location.franchiseCode.toLowerCase(), location.id);
    if (location.ghlLocationId) idsByGhlLocationId.set(location.ghlLocationId, location.id);
    if (location.active) activeLocations.push(location);
  }
  activeLocations.sort((a, b) => (a.id < b.id ? -1 : 1));
  const geoIndex = buildGeoIndex(activeLocations.map((location) => location.coordinates));
  return { locationsById, idsByFranchiseCode, idsByGhlLocationId, activeLocations, geoIndex };
}

function indexApiKeys(apiKeys: readonly DirectoryApiKey[]): ReadonlyMap<string, DirectoryApiKey> {
  return new Map(apiKeys.map((apiKey) => [apiKey.keyHash, apiKey]));
}
