import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readFranchiseLocations } from '../testing/franchise-locations.ts';
import { measureDistanceMiles, type Coordinates } from './distance.ts';
import { buildGeoIndex, findNearest, type Near, type NearestQuery } from './geo-index.ts';

/** The definition that the index must equal: measure all, sort all. */
function findByBruteForce(query: NearestQuery): Near[] {
  const { radiusMiles = Infinity, accepts = () => true, rankOf = () => 0 } = query;
  return query.index.points
    .map((point, index) => ({ index, distanceMiles: measureDistanceMiles(query.coordinates, point) }))
    .filter(({ index, distanceMiles }) => accepts(index) && distanceMiles <= radiusMiles)
    .sort((a, b) => a.distanceMiles - b.distanceMiles || rankOf(a.index) - rankOf(b.index) || a.index - b.index)
    .slice(0, query.limit);
}

const inDegrees = (max: number) =>
  fc.oneof(
    fc.double({ min: -max, max, noNaN: true }),
    // Whole degrees and edges make duplicates, ties, poles and both names of the antimeridian likely.
    fc.integer({ min: -max, max }),
    fc.constantFrom(-max, max, 0, -0),
  );
const anywhere: fc.Arbitrary<Coordinates> = fc.record({ lng: inDegrees(180), lat: inDegrees(90) });
const fewPlaces: fc.Arbitrary<Coordinates> = fc.record({
  lng: fc.constantFrom(-90, -89.99, 0, 180, -180, 179.5),
  lat: fc.constantFrom(40, 40.01, 0, 90, -90),
});

const pointSets = fc.oneof(
  fc.array(anywhere, { maxLength: 40 }),
  fc.array(anywhere, { minLength: 101, maxLength: 400 }),
  fc.array(fewPlaces, { minLength: 101, maxLength: 300 }),
);

const questions = fc.record({
  coordinates: fc.oneof(anywhere, fewPlaces),
  limit: fc.integer({ min: 1, max: 30 }),
  radiusMiles: fc.option(fc.double({ min: 0, max: 13_000, noNaN: true }), { nil: undefined }),
  acceptEvery: fc.integer({ min: 1, max: 5 }),
  ranks: fc.boolean(),
});

type Question = typeof questions extends fc.Arbitrary<infer T> ? T : never;

function toQuery(points: readonly Coordinates[], question: Question): NearestQuery {
  const { coordinates, limit, radiusMiles, acceptEvery, ranks } = question;
  return {
    index: buildGeoIndex(points),
    coordinates,
    limit,
    ...(radiusMiles === undefined ? {} : { radiusMiles }),
    ...(acceptEvery === 1 ? {} : { accepts: (index: number) => index % acceptEvery === 0 }),
    ...(ranks ? { rankOf: (index: number) => (index * 7919) % 13 } : {}),
  };
}

describe('the nearest points', () => {
  it('equal brute force for any points, radius, filter and rank', () => {
    fc.assert(
      fc.property(pointSets, questions, (points, question) => {
        const query = toQuery(points, question);
        expect(findNearest(query)).toEqual(findByBruteForce(query));
      }),
      { numRuns: 600 },
    );
  });

  it('equal brute force near the antipode, where one bit is a yard', () => {
    const near = { lng: -100, lat: 35 };
    const points = Array.from({ length: 300 }, (_, i) => ({ lng: 80 + i * 1e-7, lat: -35 + (i % 7) * 1e-7 }));
    const query = { index: buildGeoIndex(points), coordinates: near, limit: 10 };
    expect(findNearest(query)).toEqual(findByBruteForce(query));
  });

  it('breaks ties at the cut-off by rank, then by index', () => {
    const here = { lng: -97.5, lat: 35.4 };
    const points = Array.from({ length: 200 }, () => here);
    const index = buildGeoIndex(points);
    expect(findNearest({ index, coordinates: here, limit: 3 }).map((near) => near.index)).toEqual([0, 1, 2]);
    const lastFirst = findNearest({ index, coordinates: here, limit: 3, rankOf: (i) => -i });
    expect(lastFirst.map((near) => near.index)).toEqual([199, 198, 197]);
  });

  it('include a point exactly on the radius', () => {
    const points = Array.from({ length: 150 }, (_, i) => ({ lng: -100 + i / 10, lat: 40 }));
    const coordinates = { lng: -100, lat: 40 };
    const radiusMiles = measureDistanceMiles(coordinates, { lng: -95, lat: 40 });
    const nearest = findNearest({ index: buildGeoIndex(points), coordinates, limit: 1000, radiusMiles });
    expect(nearest.at(-1)).toEqual({ index: 50, distanceMiles: radiusMiles });
  });

  it('are found across the antimeridian', () => {
    const points = Array.from({ length: 150 }, (_, i) => ({ lng: -179.9 + i, lat: 52 }));
    const nearest = findNearest({ index: buildGeoIndex(points), coordinates: { lng: 179.9, lat: 52 }, limit: 1 });
    expect(nearest[0]?.index).toBe(0);
  });

  it('are none for no points, no limit, or a filter that refuses all', () => {
    const coordinates = { lng: 0, lat: 0 };
    const index = buildGeoIndex(Array.from({ length: 150 }, (_, i) => ({ lng: i, lat: 0 })));
    expect(findNearest({ index: buildGeoIndex([]), coordinates, limit: 5 })).toEqual([]);
    expect(findNearest({ index, coordinates, limit: 0 })).toEqual([]);
    expect(findNearest({ index, coordinates, limit: 5, accepts: () => false })).toEqual([]);
  });
});

it('the nearest points equal brute force on thousands of real locations', () => {
  const csv = readFranchiseLocations();
  if (csv === null) return;
  const rows: Record<string, string>[] = parse(csv, { columns: true, bom: true });
  const points = rows.map((row) => ({ lng: Number(row['longitude']), lat: Number(row['latitude']) }));
  const index = buildGeoIndex(points);
  for (let i = 0; i < points.length; i += 11) {
    const coordinates = points[i] ?? { lng: 0, lat: 0 };
    const query = { index, coordinates, limit: 1 + (i % 20), radiusMiles: 150 };
    expect(findNearest(query)).toEqual(findByBruteForce(query));
  }
});
