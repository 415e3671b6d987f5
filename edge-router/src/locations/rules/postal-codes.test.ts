import { gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { packPostalCodes, selectPostalCodes } from '../../../build-scripts/pack-postal-codes.ts';
import { getPostalCodes } from '../testing/postal-codes.ts';
import { measureDistanceMiles, type Coordinates } from './distance.ts';
import {
  findCity,
  findPostalCode,
  findState,
  listPostalCodes,
  postalCodeAt,
  readPostalCodes,
  toCityKey,
  toCountyKey,
} from './postal-codes.ts';

const table = getPostalCodes();
const selection = selectPostalCodes();

function milesBetween(a: Coordinates | null, b: Coordinates): number {
  return a === null ? Infinity : measureDistanceMiles(a, b);
}

describe('the packed table', () => {
  it('gives back every code of the source, to the last digit of its coordinates', () => {
    const wrong = selection.postalCodes.filter(({ code, country, state, city, county, coordinates }) => {
      const found = findPostalCode(table, code);
      const { lng, lat } = found?.coordinates ?? {};
      const samePlace = lng === coordinates.lng && lat === coordinates.lat;
      // Spellings of one name in a state ('Mc Allen', 'Mcallen') share the first of them.
      const sameCity = toCityKey(found?.city ?? '') === toCityKey(city);
      return !(found?.country === country && found.state === state && found.county === county && samePlace && sameCity);
    });
    expect(wrong).toEqual([]);
    expect(table.size).toBe(selection.postalCodes.length);
  });

  it('holds 43,858 codes; those without coordinates are left out, never made up', () => {
    expect(table.size).toBe(43_858);
    expect(selection.dropped.length).toBe(317);
    expect(selection.dropped.filter(({ code }) => /^[A-Z]/.test(code)).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['H0H', 'V0N', 'E3C', 'K0K']),
    );
    expect(selection.dropped).toContainEqual({ code: '10200', reason: 'outside_its_country' });
    expect(findPostalCode(table, '34001')).toBeNull();
  });

  it('knows the county of 40,956 ZIPs', () => {
    expect(selection.postalCodes.filter(({ county }) => county !== null).length).toBe(40_956);
    expect(findPostalCode(table, '02134')?.county).toBe('Suffolk');
    expect(findPostalCode(table, '21201')?.county).toBe('Baltimore (city)');
    expect(findPostalCode(table, '99553')?.county).toBe('Aleutians East');
    expect(findPostalCode(table, 'K1A')?.county).toBeNull();
    for (const spelling of ['Suffolk', 'suffolk county', 'SUFFOLK COUNTY']) {
      expect(toCountyKey(spelling)).toBe(toCountyKey('Suffolk'));
    }
    expect(toCountyKey('Saint Louis County')).toBe(toCountyKey('St. Louis'));
    expect(toCountyKey('Baltimore City')).toBe(toCountyKey('Baltimore (city)'));
    expect(toCountyKey('Baltimore City')).not.toBe(toCountyKey('Baltimore'));
    expect(toCountyKey('City and Borough of Wrangell')).toBe(toCountyKey('Wrangell'));
  });

  it('costs the bundle less than 400 KB and is the same bytes every time', () => {
    const bytes = packPostalCodes();
    expect(gzipSync(bytes).length).toBeLessThan(400_000);
    expect(Buffer.compare(bytes, packPostalCodes())).toBe(0);
  });

  it('is read from a buffer or from a view into a larger one', () => {
    const bytes = packPostalCodes();
    const copy = new Uint8Array(bytes.length + 7);
    copy.set(bytes, 7);
    expect(findPostalCode(readPostalCodes(copy.subarray(7)), '02134')?.city).toBe('Allston');
    expect(findPostalCode(readPostalCodes(copy.slice(7).buffer), '02134')?.city).toBe('Allston');
  });

  it('refuses bytes that are not the table, or only the head of it', () => {
    expect(() => readPostalCodes(new Uint8Array([1, 2, 3]))).toThrow('Not a table');
    expect(() => readPostalCodes(packPostalCodes().subarray(0, 1000))).toThrow('cut short');
  });

  it('lists every code once, in order, US first', () => {
    const codes = [...listPostalCodes(table)].map(({ code }) => code);
    expect(codes.length).toBe(table.size);
    expect(new Set(codes).size).toBe(table.size);
    expect(codes).toEqual(codes.toSorted());
    expect(codes[0]).toBe(postalCodeAt(table, 0)?.code);
    expect(postalCodeAt(table, table.size)).toBeNull();
    expect(postalCodeAt(table, -1)).toBeNull();
  });
});

describe('looking up a code', () => {
  it.each([
    ['02134', 'Allston', 'MA', 'US'],
    ['00901', 'San Juan', 'PR', 'US'],
    ['96910', 'Hagatna', 'GU', 'US'],
    ['09001', 'Apo', 'AE', 'US'],
    ['K1A', 'Ottawa', 'ON', 'CA'],
    ['M5V', 'Toronto', 'ON', 'CA'],
    ['T0C', 'Stettler', 'AB', 'CA'],
    ['X1A', 'Yellowknife', 'NT', 'CA'],
    ['G6V', 'Lévis', 'QC', 'CA'],
  ])('%s is %s, %s', (code, city, state, country) => {
    expect(findPostalCode(table, code)).toMatchObject({ code, city, state, country });
  });

  it.each(['99999', '00000', 'Z9Z', 'k1a', '2134', '021341234', '', 'K1A 0B1', '-0001'])(
    '%j is not known: only the cleaned form is looked up',
    (code) => {
      expect(findPostalCode(table, code)).toBeNull();
    },
  );
});

describe('looking up a city', () => {
  const stLouis = { lng: -90.2, lat: 38.63 };

  it.each(['St. Louis', 'SAINT LOUIS', 'st louis', 'Saint  Louis'])('%s is found however it is spelt', (city) => {
    expect(milesBetween(findCity(table, { city, state: 'MO' }), stLouis)).toBeLessThan(15);
  });

  it.each([
    ['Montréal', 'QC', { lng: -73.57, lat: 45.5 }],
    ['Toronto', 'ON', { lng: -79.38, lat: 43.65 }],
    ['Calgary', 'AB', { lng: -114.07, lat: 51.05 }],
    ['Laval', 'QC', { lng: -73.74, lat: 45.58 }],
    ['Quebec City', 'QC', { lng: -71.21, lat: 46.81 }],
    ['Vancouver', 'BC', { lng: -123.12, lat: 49.28 }],
  ])('%s is found by the name people write, not the delivery zone', (city, state, place) => {
    expect(milesBetween(findCity(table, { city, state }), place)).toBeLessThan(10);
  });

  it('looks in the given state alone', () => {
    expect(findCity(table, { city: 'Springfield', state: 'IL' })?.lng).toBeCloseTo(-89.6, 0);
    expect(findCity(table, { city: 'Springfield', state: 'MA' })?.lng).toBeCloseTo(-72.6, 0);
    expect(findCity(table, { city: 'Boston', state: 'WY' })).toBeNull();
    expect(findCity(table, { city: 'Boston', state: 'XX' })).toBeNull();
    expect(findCity(table, { city: '', state: 'MA' })).toBeNull();
  });
});

describe('looking up a state', () => {
  it('gives the middle of its postal codes', () => {
    expect(milesBetween(findState(table, 'MA'), { lng: -71.4, lat: 42.3 })).toBeLessThan(30);
    expect(findState(table, 'XX')).toBeNull();
  });

  it('is right for Alaska, which the antimeridian cuts', () => {
    expect(findState(table, 'AK')?.lng).toBeGreaterThan(-165);
    expect(findState(table, 'AK')?.lng).toBeLessThan(-140);
  });

  it('gives nothing for military mail, which is all over the world', () => {
    expect(findState(table, 'AE')).toBeNull();
    expect(findState(table, 'AP')).toBeNull();
  });
});
