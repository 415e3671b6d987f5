import { around } from 'geokdbush';
import KDBush from 'kdbush';

import { EARTH_RADIUS_MILES, measureDistanceMiles, type Coordinates } from './distance.ts';

/** The tree measures on a sphere of its own, in kilometres. */
const TREE_RADIUS_KM = 6371;

/**
 * The tree's arithmetic and ours may round differently, most of all near the antipode, where one bit of the haversine is
 * about 1e-4 miles. Points closer than this to the cut-off are therefore measured again by us.
 */
const ROUNDING_MILES = 1e-3;

export interface GeoIndex {
  readonly points: readonly Coordinates[];
  readonly tree: KDBush;
}

export interface Near {
  readonly index: number;
  readonly distanceMiles: number;
}

export interface NearestQuery {
  readonly index: GeoIndex;
  readonly coordinates: Coordinates;
  /** At most this many answers. */
  readonly limit: number;
  /** Inclusive; no bound when absent. */
  readonly radiusMiles?: number;
  /** Points it refuses are passed over and do not count towards the limit. */
  readonly accepts?: (index: number) => boolean;
  /** Orders points at the same distance, lowest first; what still ties goes by the point's index. */
  readonly rankOf?: (index: number) => number;
}

/**
 * `points` is kept, not copied; an answer's `index` is a place in it. Coordinates must be within range. About 6 ms for
 * 10,000 points. Small sets need no other path: a tree of one leaf is a scan, and a faster one than measuring all.
 */
export function buildGeoIndex(points: readonly Coordinates[]): GeoIndex {
  const tree = new KDBush(points.length);
  for (const { lng, lat } of points) tree.add(lng, lat);
  tree.finish();
  return { points, tree };
}

/**
 * The nearest points, exactly as if every distance had been measured and sorted: by distance, then rank, then index, with
 * ties at the cut-off decided by the same order. Right across the antimeridian and at the poles.
 */
export function findNearest(query: NearestQuery): Near[] {
  if (query.limit <= 0) return [];
  // The tree answers in order of distance but not of ties. One more than asked for shows whether the cut-off is clear of
  // the next point; where it is not, everything up to the cut-off's distance is fetched and the order is made here.
  const withinMiles = query.radiusMiles ?? Infinity;
  const near = sortNear(query, askTree(query, { limit: query.limit + 1, withinMiles }));
  const last = near[query.limit - 1];
  const next = near[query.limit];
  const isClear = last === undefined || next === undefined || next.distanceMiles - last.distanceMiles > ROUNDING_MILES;
  if (isClear) return cutNear(query, near);
  return cutNear(query, sortNear(query, askTree(query, { limit: Infinity, withinMiles: last.distanceMiles })));
}

/** How many times as many points as wanted are looked at, where too few of the nearest are accepted, before all are. */
const SECOND_LOOK = 4;

function askTree(query: NearestQuery, { limit, withinMiles }: { limit: number; withinMiles: number }): number[] {
  const angle = (withinMiles + ROUNDING_MILES) / EARTH_RADIUS_MILES;
  // Beyond half the circumference the tree's haversine would fall again, so everything is in reach.
  const withinKm = angle < Math.PI ? angle * TREE_RADIUS_KM : Infinity;
  const { lng, lat } = query.coordinates;
  const { accepts } = query;
  const { tree } = query.index;
  if (!accepts) return around(tree, lng, lat, limit, withinKm);
  // The tree asks about every point that it looks at, ten times as many as it answers with, all over the memory. So first
  // those it answers with are asked, which is enough unless most are refused.
  for (const asked of limit === Infinity ? [] : [limit, limit * SECOND_LOOK]) {
    const nearest = around(tree, lng, lat, asked, withinKm);
    const accepted = nearest.filter((index) => accepts(index));
    if (accepted.length >= limit || nearest.length < asked) return accepted.slice(0, limit);
  }
  return around(tree, lng, lat, limit, withinKm, accepts);
}

function sortNear(query: NearestQuery, indexes: readonly number[]): Near[] {
  const near: Near[] = [];
  for (const index of indexes) {
    const point = query.index.points[index];
    if (point) near.push({ index, distanceMiles: measureDistanceMiles(query.coordinates, point) });
  }
  return near.sort((a, b) => compareNear(query, a, b));
}

/** The radius is applied to our own distances: the tree was asked for a little more than it. */
function cutNear(query: NearestQuery, near: readonly Near[]): Near[] {
  const radiusMiles = query.radiusMiles ?? Infinity;
  return near.slice(0, query.limit).filter(({ distanceMiles }) => distanceMiles <= radiusMiles);
}

function compareNear(query: NearestQuery, a: Near, b: Near): number {
  if (a.distanceMiles !== b.distanceMiles) return a.distanceMiles - b.distanceMiles;
  const byRank = query.rankOf === undefined ? 0 : query.rankOf(a.index) - query.rankOf(b.index);
  return byRank === 0 ? a.index - b.index : byRank;
}
