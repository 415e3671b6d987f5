// The copy of the directory in Redis, as isolates read it: whole, what changed since, or, past the size that an isolate
// holds, by slices. It may be lost at any time: a missing or unreadable part makes the reader go to Postgres, and the
// next publication writes it anew.
import type { Redis } from '@upstash/redis';
import { discardHead, readHead, type Head } from './directory-head.ts';
import { readChanges, readLocationSegments, readTerritorySegments } from './directory-segments.ts';
import type { ReadSlice } from './directory-slices.ts';
import type { DirectorySource, ThinDirectoryData } from './directory-source.ts';
import { publishDirectory, type Published } from './publish-directory.ts';
import { createRedisSliceReader } from './redis-slices.ts';
import { pickVersions, type DirectoryChange, type DirectoryData, type DirectoryVersions } from './rules/directory.ts';

export type DirectoryRedis = Pick<Redis, 'get' | 'mget' | 'set' | 'hset' | 'expire' | 'eval'>;

/** The directory as it was found: whole, or too large for that and to be asked by slices. */
export type CachedDirectory =
  | { readonly kind: 'whole'; readonly data: DirectoryData }
  | {
      readonly kind: 'thin';
      readonly data: ThinDirectoryData;
      readonly locations: number;
      readonly readSlice: ReadSlice;
    };

export type CachedChange =
  | { readonly kind: 'change'; readonly change: DirectoryChange }
  | Extract<CachedDirectory, { kind: 'thin' }>;

export interface DirectoryCache {
  /** What a reader that holds the whole at `held` lacks; `current` when nothing; null when the copy is missing, broken or older. */
  readonly readSince: (held: DirectoryVersions) => Promise<CachedChange | 'current' | null>;
  readonly readAll: () => Promise<CachedDirectory | null>;
  /** Brings the copy up to Postgres. One publisher at a time: `busy` when another is at it, who then publishes again. */
  readonly publish: (source: DirectorySource) => Promise<Published>;
}

export interface DirectoryCacheOptions {
  /** Makes names that nobody else makes. */
  readonly newToken: () => string;
  /** Past so many the directory is read by slices. */
  readonly maxLocations: number;
}

export function createDirectoryCache(redis: DirectoryRedis, options: DirectoryCacheOptions): DirectoryCache {
  const { newToken, maxLocations } = options;
  return {
    readSince: (held) => readSince({ redis, maxLocations }, held),
    readAll: () => readAll({ redis, maxLocations }),
    publish: (source) => publishDirectory(redis, { source, newToken }),
  };
}

interface Scene {
  readonly redis: DirectoryRedis;
  readonly maxLocations: number;
}

async function readSince(scene: Scene, held: DirectoryVersions): Promise<CachedChange | 'current' | null> {
  const { redis } = scene;
  const { head } = await readHead(redis);
  if (!head || head.version < held.version) return null;
  if (head.version === held.version) return 'current';
  if (head.locations > scene.maxLocations) return openThin(redis, head);
  const changes = head.changes.filter((change) => change.to > held.version);
  const covered = head.base.version <= held.version;
  const changedLocations = covered ? await readChanges(redis, changes) : await readLocationSegments(redis, head);
  if (!changedLocations) return discardHead(redis, head);
  const territories =
    head.territoriesVersion === held.territoriesVersion ? undefined : await readTerritorySegments(redis, head);
  if (territories === null) return discardHead(redis, head);
  const change = {
    ...pickVersions(head),
    changedLocations,
    ...(territories ? { territories, territoryVersions: head.territoryVersions } : {}),
    ...(head.rulesVersion === held.rulesVersion ? {} : pickRules(head)),
    ...(head.keysVersion === held.keysVersion ? {} : { apiKeys: head.apiKeys }),
  };
  return { kind: 'change', change };
}

async function readAll({ redis, maxLocations }: Scene): Promise<CachedDirectory | null> {
  const { head } = await readHead(redis);
  if (!head) return null;
  if (head.locations > maxLocations) return openThin(redis, head);
  const [locations, territories] = await Promise.all([
    readLocationSegments(redis, head),
    readTerritorySegments(redis, head),
  ]);
  if (!locations || !territories) return discardHead(redis, head);
  return { kind: 'whole', data: { ...describeHead(head), locations, territories } };
}

function openThin(redis: DirectoryRedis, head: Head): Extract<CachedDirectory, { kind: 'thin' }> {
  const read = createRedisSliceReader(redis, head.slices);
  const readSlice: ReadSlice = async (ask) => (await read(ask)) ?? discardHead(redis, head);
  return { kind: 'thin', data: describeHead(head), locations: head.locations, readSlice };
}

function describeHead(head: Head): ThinDirectoryData {
  const { territoryVersions, apiKeys } = head;
  return { ...pickVersions(head), ...pickRules(head), territoryVersions, apiKeys };
}

function pickRules({ rules, scheduledRules }: Pick<Head, 'rules' | 'scheduledRules'>) {
  return { rules, scheduledRules };
}
