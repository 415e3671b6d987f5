// Brings the directory's copy in Redis up to Postgres. One publisher at a time by a lock that may be lost, and right
// all the same: parts get names that nobody reads yet, and the head that names them is written only over the head that
// was read. An interrupted publication leaves parts that expire.
import type { Redis } from '@upstash/redis';
import { DIRECTORY_HEAD_KEY, DIRECTORY_PREFIX, readHead, type Head } from './directory-head.ts';
import { changeKey, createSegmentWriter, segmentKeys, writeChange, type Segments } from './directory-segments.ts';
import type { DirectorySource, ThinDirectoryData } from './directory-source.ts';
import {
  locationSetKeys,
  publishHead,
  territorySetKey,
  writeLocations,
  writeTerritories,
  type SliceNames,
} from './redis-slices.ts';
import { pickVersions, type DirectoryChange, type DirectoryData, type DirectoryLocation } from './rules/directory.ts';

export type PublishRedis = Pick<Redis, 'get' | 'mget' | 'set' | 'hset' | 'expire' | 'eval'>;
/** `overtaken`: another wrote a head meanwhile, and ours was dropped. */
export type Published = 'published' | 'current' | 'busy' | 'overtaken';

const LOCK_KEY = `${DIRECTORY_PREFIX}:lock`;
const AGAIN_KEY = `${DIRECTORY_PREFIX}:publish-again`;
const LOCK_MS = 30_000;
/** Past these the next check, at most ten seconds on, publishes what came last. */
const MAX_ROUNDS = 5;
/** Past these a new base is cheaper for everybody than a longer list of changes. */
const MAX_CHANGES = 50;
const MAX_CHANGED_LOCATIONS = 2000;
const KEPT_SECONDS = 7 * 24 * 3600;
/** Readers that hold an older head may still be fetching its parts; the same is long enough to finish new ones. */
const UNNAMED_KEPT_SECONDS = 600;

interface Publication {
  readonly source: DirectorySource;
  /** Makes the lock's value and the names of parts; no two may be equal. */
  readonly newToken: () => string;
}

const lockOrAskAgain = `
  if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
  return 0`;

/** 1: the lock stays ours, and somebody asked for another publication meanwhile. */
const releaseUnlessAsked = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  if redis.call('DEL', KEYS[2]) == 1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return 1
  end
  redis.call('DEL', KEYS[1])
  return 0`;

const extendIfOurs = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 1`;
const releaseIfOurs = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** Who finds the lock taken leaves word, and the holder publishes once more: what it read may be older. */
export async function publishDirectory(redis: PublishRedis, { source, newToken }: Publication): Promise<Published> {
  const token = newToken();
  const keys = [LOCK_KEY, AGAIN_KEY];
  const args = [token, String(LOCK_MS)];
  if ((await redis.eval(lockOrAskAgain, keys, args)) !== 1) return 'busy';
  const publisher = { redis, source, newToken, keepLock: () => redis.eval(extendIfOurs, [LOCK_KEY], args) };
  try {
    let outcome = await publish(publisher);
    for (let round = 1; round < MAX_ROUNDS; round++) {
      if ((await redis.eval(releaseUnlessAsked, keys, args)) !== 1) return outcome;
      if ((await publish(publisher)) === 'published') outcome = 'published';
    }
    return outcome;
  } finally {
    await redis.eval(releaseIfOurs, [LOCK_KEY], [token]);
  }
}

interface Publisher {
  readonly redis: PublishRedis;
  readonly source: DirectorySource;
  readonly newToken: () => string;
  readonly keepLock: () => Promise<unknown>;
}

async function publish(publisher: Publisher): Promise<Published> {
  const { redis, source } = publisher;
  const [{ id, head }, versions] = await Promise.all([readHead(redis), source.readVersions()]);
  // A head ahead of Postgres is left over from a database that was reset: it is replaced.
  if (head?.version === versions.version) return 'current';
  if (head && head.version < versions.version) {
    const outcome = await publishChange(publisher, head);
    if (outcome !== 'not_possible') return outcome;
  }
  return publishWhole(publisher, { replacedId: id, replaced: head });
}

/** What changed is written beside the base, or with a new base where the list of changes has become long. */
async function publishChange(publisher: Publisher, head: Head): Promise<Published | 'not_possible'> {
  const { redis, source } = publisher;
  const isLong = head.changes.length >= MAX_CHANGES;
  const base = isLong ? await writeBase(publisher, { ...(await nameParts(publisher)), withSets: false }) : head.base;
  // Read after the base, so that it reaches at least as far.
  const change = await source.readChange(head, { maxLocations: MAX_CHANGED_LOCATIONS });
  if (!change) return 'not_possible';
  const name = `${change.version}-${publisher.newToken()}`;
  const entry = { from: head.version, to: change.version, name, locations: change.changedLocations.length };
  await writeChange(redis, { change: entry, rows: change.changedLocations, seconds: KEPT_SECONDS });
  const territories = change.territories
    ? await writeTerritoryParts(publisher, { version: change.version, name, rows: change.territories })
    : head.territories;
  const next = {
    ...describeChange(head, change),
    locations: await source.countLocations(),
    base,
    changes: isLong ? [entry] : [...head.changes, entry],
    territories,
    slices: { locations: head.slices.locations, territories: territories.name },
  };
  const outcome = await writeHead(publisher, { replacedId: head.id, next, changed: change.changedLocations });
  if (outcome === 'broken') return 'not_possible';
  if (outcome === 'raced') return 'overtaken';
  await retire(redis, listDropped(head, next));
  return 'published';
}

async function publishWhole(
  publisher: Publisher,
  { replacedId, replaced }: { replacedId: string; replaced: Head | null },
): Promise<Published> {
  const { redis, source } = publisher;
  const thin = await source.readThin();
  const { version } = thin;
  const name = `${version}-${publisher.newToken()}`;
  const base = await writeBase(publisher, { version, name, withSets: true });
  const territories = await writeTerritoryParts(publisher, { version, name, rows: await source.readTerritories() });
  const next = {
    ...describeThin(thin),
    locations: await source.countLocations(),
    base,
    changes: [],
    territories,
    slices: { locations: name, territories: name },
  };
  if ((await writeHead(publisher, { replacedId, next, changed: [] })) !== 'published') return 'overtaken';
  if (replaced) await retire(redis, listDropped(replaced, next));
  return 'published';
}

async function nameParts({ source, newToken }: Publisher): Promise<{ version: number; name: string }> {
  const { version } = await source.readVersions();
  return { version, name: `${version}-${newToken()}` };
}

/** All locations as segments and, `withSets`, as the sets that answer questions. */
async function writeBase(
  { redis, source, keepLock }: Publisher,
  { version, name, withSets }: { version: number; name: string; withSets: boolean },
): Promise<Segments> {
  const writer = createSegmentWriter(redis, { part: 'locations', version, name, seconds: KEPT_SECONDS });
  for await (const locations of source.readLocationPages()) {
    await writer.write(locations);
    if (withSets) await writeLocations(redis, { name, locations, seconds: UNNAMED_KEPT_SECONDS });
    await keepLock();
  }
  return writer.finish();
}

async function writeTerritoryParts(
  { redis, keepLock }: Publisher,
  { version, name, rows }: { version: number; name: string; rows: DirectoryData['territories'] },
): Promise<Segments> {
  const writer = createSegmentWriter(redis, { part: 'territories', version, name, seconds: KEPT_SECONDS });
  await writer.write(rows);
  await writeTerritories(redis, { name, rows, seconds: UNNAMED_KEPT_SECONDS });
  await keepLock();
  return writer.finish();
}

type NextHead = Omit<Head, 'id'>;

async function writeHead(
  { redis, newToken }: Publisher,
  { replacedId, next, changed }: { replacedId: string; next: NextHead; changed: readonly DirectoryLocation[] },
): Promise<'published' | 'raced' | 'broken'> {
  const names: SliceNames = next.slices;
  const head = JSON.stringify({ id: newToken(), ...next } satisfies Head);
  return publishHead(redis, { headKey: DIRECTORY_HEAD_KEY, replacedId, head, names, changed, seconds: KEPT_SECONDS });
}

type HeadFacts = Pick<
  Head,
  | 'version'
  | 'territoriesVersion'
  | 'rulesVersion'
  | 'keysVersion'
  | 'territoryVersions'
  | 'rules'
  | 'scheduledRules'
  | 'apiKeys'
>;

function describeThin({
  rules,
  scheduledRules = [],
  territoryVersions = [],
  apiKeys,
  ...versions
}: ThinDirectoryData): HeadFacts {
  return {
    ...pickVersions(versions),
    territoryVersions: [...territoryVersions],
    rules,
    scheduledRules: [...scheduledRules],
    apiKeys: apiKeys.map((apiKey) => ({
      ...apiKey,
      scopes: [...apiKey.scopes],
      sources: apiKey.sources && [...apiKey.sources],
    })),
  };
}

function describeChange(head: Head, change: DirectoryChange): HeadFacts {
  return describeThin({
    ...pickVersions(change),
    territoryVersions: change.territoryVersions ?? head.territoryVersions,
    rules: change.rules ?? head.rules,
    scheduledRules: (change.rules ? change.scheduledRules : head.scheduledRules) ?? [],
    apiKeys: change.apiKeys ?? head.apiKeys,
  });
}

/** What the replaced head names and the next does not. */
function listDropped(replaced: Head, next: NextHead): string[] {
  const kept = new Set(listParts(next));
  return listParts(replaced).filter((key) => !kept.has(key));
}

function listParts(head: NextHead): string[] {
  return [
    ...segmentKeys('locations', head.base),
    ...segmentKeys('territories', head.territories),
    ...head.changes.map(changeKey),
    ...locationSetKeys(head.slices.locations),
    territorySetKey(head.slices.territories),
  ];
}

async function retire(redis: Pick<PublishRedis, 'expire'>, keys: readonly string[]): Promise<void> {
  for (const key of keys) await redis.expire(key, UNNAMED_KEPT_SECONDS);
}
