// The directory in Redis by what it is asked for, beside the snapshot: a GEO set of the active locations, a row for
// each location, franchise codes and sub-account ids to ids, territories by fields. Written under a name of its own
// by each whole publication, changed in place together with the head, read by one script per lead.
import type { Redis } from '@upstash/redis';
import * as z from 'zod';
import { decodeSliceRow, encodeSliceRow } from './directory-codec.ts';
import type { ReadSlice, Slice, SliceAsk } from './directory-slices.ts';
import type { DirectoryLocation } from './rules/directory.ts';
import { measureDistanceMiles, type Coordinates } from './rules/distance.ts';
import { listTerritoryFields } from './rules/territory-fields.ts';
import type { TerritoryRow } from './rules/territory-index.ts';
import { applyLocationsScript, publishHeadScript, readSliceScript, ROW_SHARDS } from './redis-slices-scripts.ts';

export type SliceRedis = Pick<Redis, 'eval' | 'hset' | 'expire'>;

const PREFIX = 'directory:v1';
const LOCATIONS_PER_WRITE = 1000;
const FIELDS_PER_WRITE = 2000;

/** Which sets are read with a head. */
export interface SliceNames {
  readonly locations: string;
  readonly territories: string;
}

export function locationSetKeys(name: string): string[] {
  const parts = [
    'geo',
    'meta',
    'codes',
    'accounts',
    ...Array.from({ length: ROW_SHARDS }, (_, shard) => `rows:${shard}`),
  ];
  return parts.map((part) => `${PREFIX}:${part}:${name}`);
}

export function territorySetKey(name: string): string {
  return `${PREFIX}:owners:${name}`;
}

/** Redis takes no latitude nearer to a pole. Nobody lives there, but a lead's point may be anywhere. */
const MAX_GEO_LAT = 85.05;

function toGeo({ lng, lat }: Coordinates): Coordinates {
  return { lng, lat: Math.max(-MAX_GEO_LAT, Math.min(MAX_GEO_LAT, lat)) };
}

/** What the scripts take of a location. */
function toEntry(location: DirectoryLocation): string {
  const { lng, lat } = toGeo(location.coordinates);
  const point = [String(lng), String(lat), location.active ? '1' : '0'];
  const names = [location.franchiseCode.toLowerCase(), location.ghlLocationId ?? ''];
  return JSON.stringify([location.id, ...point, ...names, encodeSliceRow(location)]);
}

/** Adds locations to a set that no head names yet. */
export async function writeLocations(
  redis: SliceRedis,
  { name, locations, seconds }: { name: string; locations: readonly DirectoryLocation[]; seconds: number },
): Promise<void> {
  // One write even for none: it makes the counts by which a reader knows that the set is whole.
  for (let start = 0; start === 0 || start < locations.length; start += LOCATIONS_PER_WRITE) {
    const entries = locations.slice(start, start + LOCATIONS_PER_WRITE).map(toEntry);
    await redis.eval(applyLocationsScript, locationSetKeys(name), [String(seconds), ...entries]);
  }
}

export async function writeTerritories(
  redis: SliceRedis,
  { name, rows, seconds }: { name: string; rows: readonly TerritoryRow[]; seconds: number },
): Promise<void> {
  const byField = new Map<string, TerritoryRow[]>();
  for (const row of rows) {
    for (const field of listTerritoryFields(row)) {
      const sharing = byField.get(field);
      if (sharing) sharing.push(row);
      else byField.set(field, [row]);
    }
  }
  const key = territorySetKey(name);
  // Its own size lies in the set, so that a reader knows it is whole.
  const fields: [string, string][] = [['#', String(byField.size + 1)]];
  for (const [field, sharing] of byField) fields.push([field, JSON.stringify(sharing)]);
  for (let start = 0; start < fields.length; start += FIELDS_PER_WRITE) {
    await redis.hset(key, Object.fromEntries(fields.slice(start, start + FIELDS_PER_WRITE)));
  }
  await redis.expire(key, seconds);
}

export interface HeadPublication {
  readonly headKey: string;
  /** Of the head that was read; the new one is not written over any other. Empty for none. */
  readonly replacedId: string;
  readonly head: string;
  readonly names: SliceNames;
  /** Applied to the sets in the same moment. */
  readonly changed: readonly DirectoryLocation[];
  readonly seconds: number;
}

/** @returns `raced` when another head was written meanwhile, `broken` when the sets it names are not whole */
export async function publishHead(
  redis: SliceRedis,
  publication: HeadPublication,
): Promise<'published' | 'raced' | 'broken'> {
  const { headKey, replacedId, head, names, changed, seconds } = publication;
  const keys = [...locationSetKeys(names.locations), territorySetKey(names.territories), headKey];
  const args = [String(seconds), replacedId, head, ...changed.map(toEntry)];
  const answer = await redis.eval(publishHeadScript, keys, args);
  return answer === 1 ? 'published' : answer === 0 ? 'raced' : 'broken';
}

const METRES_PER_MILE = 1609.344;
/** Redis measures on a sphere of 6,372,797.56 m, we on one of 6,371,008.8 m. */
const REDIS_SPHERE_RATIO = 6_372_797.560_856 / 6_371_008.8;
/** Its points lie on a grid of 0.6 m. */
const MARGIN_MILES = 0.002;
const FIRST_RADIUS_MILES = 25;
const HALF_ROUND_METRES = 20_040_000;

const answerSchema = z.tuple([
  z.array(z.string()), // rows
  z.array(z.string()), // territories of each field, JSON
  z.coerce.number(), // radius searched, metres
  z.string(), // distance of the farthest found in metres, empty where all inside the radius were found
]);

/** One script per slice. Null when a part of the sets is gone. */
export function createRedisSliceReader(redis: SliceRedis, names: SliceNames): ReadSlice {
  const keys = [...locationSetKeys(names.locations), territorySetKey(names.territories)];
  return async (ask) => {
    const answer: unknown = await redis.eval(readSliceScript, keys, [JSON.stringify(toScriptAsk(ask))]);
    return answer === null ? null : toSlice(ask, answerSchema.parse(answer));
  };
}

function toScriptAsk({ names, territoryFields, near }: SliceAsk) {
  const lists = { names: [...names, ''], fields: [...territoryFields, ''] };
  if (!near) return lists;
  const { lng, lat } = toGeo(near.coordinates);
  const reach = toRedisMetres(near.radiusMiles + shiftMiles(near.coordinates));
  const first = Math.min(reach, toRedisMetres(FIRST_RADIUS_MILES));
  return {
    ...lists,
    lng: String(lng),
    lat: String(lat),
    first,
    reach,
    everywhere: HALF_ROUND_METRES,
    limit: near.limit,
  };
}

/** How far the point that is asked for lies from the one that is meant. */
function shiftMiles(coordinates: Coordinates): number {
  return measureDistanceMiles(coordinates, toGeo(coordinates));
}

function toRedisMetres(miles: number): number {
  return Math.min(HALF_ROUND_METRES, Math.ceil((miles + MARGIN_MILES) * REDIS_SPHERE_RATIO * METRES_PER_MILE));
}

function toSlice(ask: SliceAsk, [rows, territories, radius, farthest]: z.output<typeof answerSchema>): Slice {
  const metres = farthest === '' ? radius : Number(farthest);
  const miles = metres / METRES_PER_MILE / REDIS_SPHERE_RATIO;
  const isAll = farthest === '' && radius >= HALF_ROUND_METRES;
  return {
    locations: rows.map(decodeSliceRow),
    territories: territories.flatMap((text) => JSON.parse(text) as TerritoryRow[]),
    horizonMiles: !ask.near || isAll ? Infinity : miles - MARGIN_MILES / 2 - shiftMiles(ask.near.coordinates),
  };
}
