import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import zipcodes from 'zipcodes';
import type { Coordinates } from '../edge-router/src/locations/rules/distance.ts';
import { buildGeoIndex, findNearest } from '../edge-router/src/locations/rules/geo-index.ts';
import { csvOf, testRow } from '../edge-router/src/testing/test-rows.ts';

const EXAMPLES = join(import.meta.dirname, '../examples/locations-100.csv');
const EXAMPLE_LOCATIONS = 100;
/** High enough that no day of any location fills up: what is measured is placing leads, not parking them. */
const ROOMY_CAP = '100000';
const LEAD_RADIUS_MILES = 40;
const JITTER_DEGREES = 0.05;

export interface Place {
  readonly postalCode: string;
  readonly city: string;
  readonly state: string;
  readonly coordinates: Coordinates;
}

/** The same numbers every time (Lehmer's generator): 0 up to, not including, 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Every ZIP of the contiguous states that the npm package `zipcodes` has a point for. */
export function readPlaces(): Place[] {
  const places: Place[] = [];
  for (let number = 501; number < 100_000; number++) {
    const entry = zipcodes.lookup(String(number).padStart(5, '0'));
    if (!entry?.latitude || entry.latitude < 24 || entry.latitude > 50 || entry.longitude < -125) continue;
    const coordinates = { lng: entry.longitude, lat: entry.latitude };
    places.push({ postalCode: entry.zip, city: entry.city, state: entry.state, coordinates });
  }
  return places;
}

/** Points as dense as ZIPs are, any number of them. */
export function scatterPoints(places: readonly Place[], count: number): Place[] {
  const random = createRandom(20_261_124);
  return Array.from({ length: count }, () => {
    const place = pick(places, random);
    const { lng, lat } = place.coordinates;
    const move = (): number => (random() - 0.5) * 2 * JITTER_DEGREES;
    return { ...place, coordinates: { lng: lng + move(), lat: lat + move() } };
  });
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('Nothing to pick from.');
  return item;
}

/** A locations file as it is imported, each with room for every lead of a run. */
export function writeLocationsCsv(places: readonly Place[], count: number): string {
  if (count === EXAMPLE_LOCATIONS) {
    const rows = parse<Record<string, string>>(readFileSync(EXAMPLES), { columns: true, bom: true });
    return csvOf(rows.map((row) => ({ ...row, 'Capacity Limit': ROOMY_CAP })));
  }
  const rows = scatterPoints(places, count).map((place, number) =>
    testRow({
      'Franchise Code': `BENCH-${number}`,
      City: place.city,
      State: place.state,
      'Zip Code': place.postalCode,
      'Capacity Limit': ROOMY_CAP,
    }),
  );
  return csvOf(rows);
}

/** Places leads come from: ZIPs with a location near, so that none is parked. */
export function chooseLeadPlaces(places: readonly Place[], locations: readonly Coordinates[], count: number): Place[] {
  const index = buildGeoIndex(locations);
  const random = createRandom(7);
  const chosen: Place[] = [];
  for (let tries = 0; chosen.length < count && tries < places.length; tries++) {
    const place = pick(places, random);
    const near = findNearest({ index, coordinates: place.coordinates, limit: 1, radiusMiles: LEAD_RADIUS_MILES });
    if (near.length > 0) chosen.push(place);
  }
  return chosen;
}
