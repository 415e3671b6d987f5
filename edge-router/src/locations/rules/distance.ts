/** WGS 84 degrees. The order is lng, lat everywhere. */
export interface Coordinates {
  readonly lng: number;
  readonly lat: number;
}

/** Finite, lat within -90..90 and lng within -180..180. */
export function areInRange(coordinates: Coordinates): boolean {
  return Math.abs(coordinates.lat) <= 90 && Math.abs(coordinates.lng) <= 180;
}

/** Mean radius of the Earth: IUGG's 6,371.0088 km over 1.609344 km to the mile. */
export const EARTH_RADIUS_MILES = 3_958.761_333_810_546;

const RADIANS_PER_DEGREE = Math.PI / 180;

/**
 * Great-circle distance in miles by the haversine formula on a sphere of `EARTH_RADIUS_MILES`; within 0.5 % of the
 * ellipsoid. Exactly symmetric in its arguments.
 */
export function measureDistanceMiles(from: Coordinates, to: Coordinates): number {
  const acrossLat = Math.sin(((from.lat - to.lat) * RADIANS_PER_DEGREE) / 2);
  const acrossLng = Math.sin(((from.lng - to.lng) * RADIANS_PER_DEGREE) / 2);
  const cosines = Math.cos(from.lat * RADIANS_PER_DEGREE) * Math.cos(to.lat * RADIANS_PER_DEGREE);
  const haversine = acrossLat * acrossLat + cosines * acrossLng * acrossLng;
  // Rounding can lift the haversine of antipodes a hair above 1, where asin is not defined.
  return 2 * EARTH_RADIUS_MILES * Math.asin(Math.sqrt(Math.min(1, haversine)));
}

/**
 * The middle of some points as the direction of their mean vector, which is right across the antimeridian, where a mean
 * of degrees is not. Null for no points, or for points that cancel out (two antipodes).
 */
export function findCentroid(points: Iterable<Coordinates>): Coordinates | null {
  let x = 0;
  let y = 0;
  let z = 0;
  for (const { lng, lat } of points) {
    const cosLat = Math.cos(lat * RADIANS_PER_DEGREE);
    x += cosLat * Math.cos(lng * RADIANS_PER_DEGREE);
    y += cosLat * Math.sin(lng * RADIANS_PER_DEGREE);
    z += Math.sin(lat * RADIANS_PER_DEGREE);
  }
  if (Math.hypot(x, y, z) < 1e-9) return null;
  return {
    lng: Math.atan2(y, x) / RADIANS_PER_DEGREE,
    lat: Math.atan2(z, Math.hypot(x, y)) / RADIANS_PER_DEGREE,
  };
}
