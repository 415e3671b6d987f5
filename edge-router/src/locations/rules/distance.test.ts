import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { areInRange, EARTH_RADIUS_MILES, findCentroid, measureDistanceMiles } from './distance.ts';

const anywhere = fc.record({
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
});

const boston = { lng: -71.0589, lat: 42.3601 };
const newYork = { lng: -74.006, lat: 40.7128 };
const losAngeles = { lng: -118.2437, lat: 34.0522 };
const honolulu = { lng: -157.8583, lat: 21.3069 };

describe('great-circle distance', () => {
  it.each([
    ['Boston to New York', boston, newYork, 190.1],
    ['New York to Los Angeles', newYork, losAngeles, 2445.6],
    ['Los Angeles to Honolulu', losAngeles, honolulu, 2557.5],
  ])('%s is the published figure within half a per cent', (_, from, to, miles) => {
    expect(Math.abs(measureDistanceMiles(from, to) - miles) / miles).toBeLessThan(0.005);
  });

  it('is the same there and back, to the last bit', () => {
    fc.assert(
      fc.property(anywhere, anywhere, (a, b) => {
        expect(measureDistanceMiles(a, b)).toBe(measureDistanceMiles(b, a));
      }),
    );
  });

  it('is zero to itself, never negative, never more than half the circumference', () => {
    fc.assert(
      fc.property(anywhere, anywhere, (a, b) => {
        expect(measureDistanceMiles(a, a)).toBe(0);
        expect(measureDistanceMiles(a, b)).toBeGreaterThanOrEqual(0);
        expect(measureDistanceMiles(a, b)).toBeLessThanOrEqual(Math.PI * EARTH_RADIUS_MILES);
      }),
    );
  });

  it('keeps the triangle inequality up to rounding', () => {
    fc.assert(
      fc.property(anywhere, anywhere, anywhere, (a, b, c) => {
        const direct = measureDistanceMiles(a, c);
        expect(direct).toBeLessThanOrEqual(measureDistanceMiles(a, b) + measureDistanceMiles(b, c) + 1e-3);
      }),
    );
  });

  it('crosses the antimeridian by the short way', () => {
    const miles = measureDistanceMiles({ lng: 179.9, lat: 0 }, { lng: -179.9, lat: 0 });
    expect(miles).toBeCloseTo((0.2 / 360) * 2 * Math.PI * EARTH_RADIUS_MILES, 6);
  });

  it('finds antipodes half the circumference apart', () => {
    const miles = measureDistanceMiles({ lng: 10, lat: 20 }, { lng: -170, lat: -20 });
    expect(miles).toBeCloseTo(Math.PI * EARTH_RADIUS_MILES, 3);
  });
});

describe('centroid', () => {
  it('of one point is the point', () => {
    const centroid = findCentroid([boston]);
    expect(centroid?.lng).toBeCloseTo(boston.lng, 9);
    expect(centroid?.lat).toBeCloseTo(boston.lat, 9);
  });

  it('of points on both sides of the antimeridian lies between them', () => {
    const centroid = findCentroid([
      { lng: 179, lat: 52 },
      { lng: -177, lat: 52 },
    ]);
    expect(centroid?.lng).toBeCloseTo(-179, 6);
  });

  it('of nothing, or of antipodes, is null', () => {
    expect(findCentroid([])).toBeNull();
    expect(
      findCentroid([
        { lng: 0, lat: 0 },
        { lng: 180, lat: 0 },
      ]),
    ).toBeNull();
  });
});

it('coordinates are in range on the edges and not beyond, nor when not a number', () => {
  expect(areInRange({ lng: -180, lat: 90 })).toBe(true);
  expect(areInRange({ lng: 180.001, lat: 0 })).toBe(false);
  expect(areInRange({ lng: 0, lat: -90.001 })).toBe(false);
  expect(areInRange({ lng: Number.NaN, lat: 0 })).toBe(false);
  expect(areInRange({ lng: 0, lat: Infinity })).toBe(false);
});
