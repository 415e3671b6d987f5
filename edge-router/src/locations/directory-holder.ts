import type { Log } from '../http/log.ts';
import type { CachedDirectory, DirectoryCache } from './directory-cache.ts';
import { sliceForLead, sliceForLocations, sliceForNearby, type SliceContext } from './directory-slices.ts';
import type { LeadQuestion, NearbyWanted, ReadSlice } from './directory-slices.ts';
import { readWholeDirectory, type DirectorySource, type ThinDirectoryData } from './directory-source.ts';
import {
  activateDue,
  applyDirectoryChange,
  buildDirectory,
  type Directory,
  type DirectoryData,
} from './rules/directory.ts';
import type { PostalCodes } from './rules/postal-codes.ts';

/** Keeps work alive after the answer (a Worker's `waitUntil`). */
export type RunInBackground = (work: Promise<unknown>) => void;

export interface DirectoryHolderDeps {
  readonly cache: DirectoryCache;
  readonly source: DirectorySource;
  readonly postalCodes: PostalCodes;
  /** Past so many the isolate holds rules and keys only, and asks for what each lead needs. */
  readonly maxLocations: number;
  readonly nowMs: () => number;
  readonly log: Log;
}

export interface DirectoryStatus {
  readonly version: number | null;
  readonly locations: number;
  readonly checkedMsAgo: number | null;
  readonly loadedFrom: 'redis' | 'postgres' | null;
}

export interface DirectoryHolder {
  /**
   * The directory held in this isolate. Waits only where there is none yet; an old one is served while a newer one
   * is fetched in the background. Throws when there is none and neither Redis nor Postgres can give one. Past
   * `maxLocations` it has rules and keys, and no locations.
   */
  readonly current: (background: RunInBackground) => Promise<Directory>;
  /**
   * The directory that `decide` is to be given for this lead, asked for anew before each decision, since what was learned
   * meanwhile changes what it needs. It is `current` where the whole fits into the isolate; past that size, a directory
   * of what this one decision can look at.
   */
  readonly forLead: (ask: LeadQuestion, background: RunInBackground) => Promise<Directory>;
  /** The same for the nearest to a point. */
  readonly forNearby: (wanted: NearbyWanted, background: RunInBackground) => Promise<Directory>;
  /** The same for locations whose ids are known. */
  readonly forLocations: (ids: readonly string[], background: RunInBackground) => Promise<Directory>;
  /** Postgres said, with some other answer, that it is at `version`: fetch what is missing, in the background. */
  readonly notice: (version: number, background: RunInBackground) => void;
  /** Fetches from Postgres now and publishes to Redis; for a writer that wants its own change to be seen. */
  readonly refreshNow: () => Promise<void>;
  readonly status: () => DirectoryStatus;
}

const CHECK_INTERVAL_MS = 10_000;
const MIN_REFRESH_INTERVAL_MS = 250;
/** A first load that was cut off with its request must not hold up the requests that joined it. */
const JOINED_LOAD_TIMEOUT_MS = 5000;
/** Work in the background of a request is cut off 30 s after its answer, and never comes to its end: another one goes on. */
const MAX_REFRESH_MS = 30_000;
/** Slices come from Postgres so long after Redis failed to give one, so that not every lead waits for its timeout. */
const REDIS_PAUSE_MS = 10_000;

interface Held {
  directory: Directory | null;
  locations: number;
  loadedFrom: 'redis' | 'postgres' | null;
  /** Null where `directory` is the whole. */
  readSlice: ReadSlice | null;
  /** With all territories, for slices from Postgres. */
  forPostgres: Directory | null;
  redisPausedUntilMs: number;
  checkedAtMs: number;
  /** Null while no refresh is under way. */
  refreshingSinceMs: number | null;
  firstLoad: Promise<Directory> | null;
}

/** One per isolate. */
export function createDirectoryHolder(deps: DirectoryHolderDeps): DirectoryHolder {
  const held: Held = {
    directory: null,
    locations: 0,
    loadedFrom: null,
    readSlice: null,
    forPostgres: null,
    redisPausedUntilMs: 0,
    checkedAtMs: 0,
    refreshingSinceMs: null,
    firstLoad: null,
  };
  const slice = async (background: RunInBackground, cut: Cut): Promise<Directory> => {
    const directory = await readCurrent({ deps, held, background });
    return held.readSlice ? cutSlice({ deps, held, background }, cut) : directory;
  };
  return {
    current: (background) => readCurrent({ deps, held, background }),
    forLead: (ask, background) => slice(background, (context) => sliceForLead(context, ask)),
    forNearby: (wanted, background) => slice(background, (context) => sliceForNearby(context, wanted)),
    forLocations: (ids, background) => slice(background, (context) => sliceForLocations(context, ids)),
    notice: (version, background) => noticeVersion({ deps, held, background }, version),
    refreshNow: () => refreshNow(deps, held),
    status: () => describe(deps, held),
  };
}

interface Scene {
  readonly deps: DirectoryHolderDeps;
  readonly held: Held;
  readonly background: RunInBackground;
}

function readCurrent({ deps, held, background }: Scene): Promise<Directory> {
  if (!held.directory) return loadFirst({ deps, held, background });
  if (deps.nowMs() - held.checkedAtMs >= CHECK_INTERVAL_MS) startRefresh({ deps, held, background }, 'any');
  held.directory = activateDue(held.directory, deps.nowMs());
  return Promise.resolve(held.directory);
}

type Cut = (context: SliceContext) => Promise<Directory | null>;

/** From Redis; where that is away or has lost its sets, from Postgres, which measures every location for it. */
async function cutSlice({ deps, held, background }: Scene, cut: Cut): Promise<Directory> {
  const { directory: thin, readSlice } = held;
  const { postalCodes, source } = deps;
  if (!thin || !readSlice) throw new Error('a slice of no directory');
  if (deps.nowMs() >= held.redisPausedUntilMs) {
    const found = await cut({ thin, postalCodes, readSlice, nowMs: deps.nowMs() }).catch((error: unknown) => {
      deps.log({ event: 'directory_slice_unreadable', error });
      return null;
    });
    if (found) return activateDue(found, deps.nowMs());
    held.redisPausedUntilMs = deps.nowMs() + REDIS_PAUSE_MS;
    startRefresh({ deps, held, background }, 'any');
  }
  const withTerritories = await readForPostgres(deps, held, thin);
  const found = await cut({
    thin: withTerritories,
    postalCodes,
    readSlice: source.readSlice,
    nowMs: deps.nowMs(),
  });
  if (!found) throw new Error('Postgres gave no slice');
  return activateDue(found, deps.nowMs());
}

async function readForPostgres(deps: DirectoryHolderDeps, held: Held, thin: Directory): Promise<Directory> {
  if (held.forPostgres?.version === thin.version) return held.forPostgres;
  held.forPostgres = buildThin(await deps.source.readThin(), await deps.source.readTerritories());
  return held.forPostgres;
}

async function loadFirst({ deps, held, background }: Scene): Promise<Directory> {
  if (!held.firstLoad) {
    const load = loadAll({ deps, held, background }).finally(() => {
      held.firstLoad = null;
    });
    held.firstLoad = load;
    background(load.catch(() => {}));
    return load;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), JOINED_LOAD_TIMEOUT_MS);
  });
  const joined = await Promise.race([held.firstLoad, timeout]).finally(() => clearTimeout(timer));
  return joined ?? held.directory ?? loadAll({ deps, held, background });
}

async function loadAll({ deps, held, background }: Scene): Promise<Directory> {
  const cached = await readCache(deps, () => deps.cache.readAll());
  if (cached) return keepFound({ deps, held, before: null }, cached);
  const loaded = await loadFromSource({ deps, held, before: null });
  background(publish(deps));
  return loaded;
}

async function readCache<Found>(deps: DirectoryHolderDeps, read: () => Promise<Found | null>): Promise<Found | null> {
  try {
    return await read();
  } catch (error) {
    deps.log({ event: 'directory_cache_unreadable', error });
    return null;
  }
}

/** One fetch; `before` is what was held when it began, null for nothing. */
interface Fetch {
  readonly deps: DirectoryHolderDeps;
  readonly held: Held;
  readonly before: Directory | null;
}

async function loadFromSource(fetch: Fetch): Promise<Directory> {
  const { deps } = fetch;
  const { source } = deps;
  const locations = await source.countLocations();
  if (locations <= deps.maxLocations) {
    return keepWhole(fetch, {
      directory: buildDirectory(await readWholeDirectory(source)),
      loadedFrom: 'postgres',
    });
  }
  const forPostgres = buildThin(await source.readThin(), await source.readTerritories());
  const from = { loadedFrom: 'postgres', readSlice: source.readSlice } as const;
  return keep(fetch, { directory: forPostgres, locations, forPostgres, ...from });
}

function buildThin(data: ThinDirectoryData, territories: DirectoryData['territories']): Directory {
  return buildDirectory({ ...data, locations: [], territories });
}

function keepFound(fetch: Fetch, found: CachedDirectory): Directory {
  if (found.kind === 'whole') {
    return keepWhole(fetch, { directory: buildDirectory(found.data), loadedFrom: 'redis' });
  }
  const { locations, readSlice } = found;
  const { forPostgres } = fetch.held;
  const directory = buildThin(found.data, []);
  return keep(fetch, { directory, locations, loadedFrom: 'redis', readSlice, forPostgres });
}

function keepWhole(
  fetch: Fetch,
  { directory, loadedFrom }: { directory: Directory; loadedFrom: 'redis' | 'postgres' },
): Directory {
  const locations = directory.locationsById.size;
  return keep(fetch, { directory, locations, loadedFrom, readSlice: null, forPostgres: null });
}

interface Kept {
  readonly directory: Directory;
  readonly locations: number;
  readonly loadedFrom: 'redis' | 'postgres';
  readonly readSlice: ReadSlice | null;
  readonly forPostgres: Directory | null;
}

/** What another fetch brought meanwhile stays where this one's is older: an isolate does not go back. */
function keep({ deps, held, before }: Fetch, { directory, ...kept }: Kept): Directory {
  const meanwhile = held.directory;
  const isOvertaken = meanwhile && meanwhile.version !== before?.version && directory.version < meanwhile.version;
  if (isOvertaken) return meanwhile;
  held.directory = activateDue(directory, deps.nowMs());
  Object.assign(held, kept);
  held.checkedAtMs = deps.nowMs();
  return held.directory;
}

function noticeVersion({ deps, held, background }: Scene, version: number): void {
  if (!held.directory || version <= held.directory.version) return;
  if (deps.nowMs() - held.checkedAtMs < MIN_REFRESH_INTERVAL_MS) return;
  startRefresh({ deps, held, background }, version);
}

function startRefresh({ deps, held, background }: Scene, wanted: number | 'any'): void {
  const nowMs = deps.nowMs();
  if (held.refreshingSinceMs !== null && nowMs - held.refreshingSinceMs < MAX_REFRESH_MS) return;
  held.refreshingSinceMs = nowMs;
  held.checkedAtMs = nowMs;
  const work = refresh(deps, held, wanted)
    .catch((error: unknown) => deps.log({ event: 'directory_refresh_failed', error }))
    .finally(() => {
      if (held.refreshingSinceMs === nowMs) held.refreshingSinceMs = null;
    });
  background(work);
}

/** Redis first; Postgres where Redis has nothing, fails, or is behind what Postgres is known to have. */
async function refresh(deps: DirectoryHolderDeps, held: Held, wanted: number | 'any'): Promise<void> {
  const before = held.directory;
  if (!before) return;
  const isCached = held.readSlice ? await refreshThin(deps, held, before) : await refreshWhole(deps, held, before);
  const reached = held.directory?.version ?? 0;
  if (isCached && (wanted === 'any' || reached >= wanted)) return;
  await refreshFromSource(deps, held);
  await publish(deps);
}

/** @returns whether Redis had a copy that is not older than the one held */
async function refreshWhole(deps: DirectoryHolderDeps, held: Held, before: Directory): Promise<boolean> {
  const cached = await readCache(deps, () => deps.cache.readSince(before));
  if (!cached) return false;
  if (cached === 'current') return true;
  const fetch = { deps, held, before };
  if (cached.kind === 'thin') keepFound(fetch, cached);
  else keepWhole(fetch, { directory: applyDirectoryChange(before, cached.change), loadedFrom: 'redis' });
  return true;
}

async function refreshThin(deps: DirectoryHolderDeps, held: Held, before: Directory): Promise<boolean> {
  const cached = await readCache(deps, () => deps.cache.readAll());
  if (!cached || cached.data.version < before.version) return false;
  keepFound({ deps, held, before }, cached);
  return true;
}

async function refreshFromSource(deps: DirectoryHolderDeps, held: Held): Promise<void> {
  const before = held.directory;
  const versions = await deps.source.readVersions();
  if (versions.version === before?.version) return;
  const canFollow = before !== null && held.readSlice === null && versions.version > before.version;
  const change = canFollow ? await deps.source.readChange(before, deps) : null;
  const followed = before && change && applyDirectoryChange(before, change);
  const fetch = { deps, held, before };
  if (!followed || followed.locationsById.size > deps.maxLocations) await loadFromSource(fetch);
  else keepWhole(fetch, { directory: followed, loadedFrom: 'postgres' });
}

/** An isolate that asks by slices publishes first, and then asks what it published. */
async function refreshNow(deps: DirectoryHolderDeps, held: Held): Promise<void> {
  if (held.directory && held.readSlice) {
    await publish(deps);
    const { version } = await deps.source.readVersions();
    if ((await refreshThin(deps, held, held.directory)) && held.directory.version >= version) return;
  }
  await refreshFromSource(deps, held);
  await publish(deps);
}

async function publish(deps: DirectoryHolderDeps): Promise<void> {
  try {
    await deps.cache.publish(deps.source);
  } catch (error) {
    deps.log({ event: 'directory_publish_failed', error });
  }
}

function describe(deps: DirectoryHolderDeps, held: Held): DirectoryStatus {
  return {
    version: held.directory?.version ?? null,
    locations: held.locations,
    checkedMsAgo: held.directory ? deps.nowMs() - held.checkedAtMs : null,
    loadedFrom: held.loadedFrom,
  };
}
