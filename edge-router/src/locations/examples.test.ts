import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { findNearest, buildGeoIndex } from './rules/geo-index.ts';
import { parseLocationCsv } from './rules/location-rows.ts';
import { findPostalCode, toCityKey } from './rules/postal-codes.ts';
import { parseTerritoryCsv } from './rules/territory-rows.ts';
import { getPostalCodes } from './testing/postal-codes.ts';

const postalCodes = getPostalCodes();
const readExample = (name: string) => readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');
const imported = parseLocationCsv(readExample('locations-100.csv'), { postalCodes, today: '2026-11-23' });
const { locations } = imported;

/** What the table knows of a location's postal code. */
function lookUp(postalCode: string) {
  return findPostalCode(postalCodes, postalCode.length > 5 ? postalCode.slice(0, 3) : postalCode);
}

describe('the example locations', () => {
  it('are 100, with nothing wrong or odd about any cell', () => {
    const { errors, warnings, unknownColumns } = imported;
    expect({ errors, warnings, unknownColumns }).toEqual({ errors: [], warnings: [], unknownColumns: [] });
    expect(locations.length).toBe(100);
  });

  it('have postal codes that belong to their city and state', () => {
    const wrong = locations.filter(({ postalCode, city, state }) => {
      const known = lookUp(postalCode);
      return known?.state !== state || toCityKey(known.city) !== toCityKey(city);
    });
    expect(wrong).toEqual([]);
  });

  it('are in 100 cities of many time zones, a few of them in Canada', () => {
    expect(new Set(locations.map(({ city, state }) => `${city}, ${state}`)).size).toBe(100);
    expect(new Set(locations.map(({ timezone }) => timezone)).size).toBeGreaterThan(12);
    expect(locations.filter(({ country }) => country === 'CA').length).toBe(6);
    expect(new Set(locations.map(({ geoRegion }) => geoRegion)).size).toBe(5);
  });

  it('are the 25 that opened first, and the 75 to bring on, each row the same', () => {
    const linesOf = (name: string) => readExample(name).trimEnd().split(/\r?\n/);
    const [header, ...all] = linesOf('locations-100.csv');
    const [oldHeader, ...existing] = linesOf('locations-25.csv');
    const [newHeader, ...added] = linesOf('locations-75.csv');
    expect([oldHeader, newHeader]).toEqual([header, header]);
    expect([existing.length, added.length]).toEqual([25, 75]);
    expect([...existing, ...added].toSorted()).toEqual(all.toSorted());
    const openings = (name: string) =>
      parseLocationCsv(readExample(name), { postalCodes, today: '2026-11-23' }).locations.map(
        ({ openingDate }) => openingDate ?? '',
      );
    const lastOfExisting = openings('locations-25.csv').toSorted().at(-1) ?? '';
    expect(openings('locations-75.csv').filter((date) => date < lastOfExisting)).toEqual([]);
  });

  it('reach nobody: fictional phones, e-mails and sites of example.com', () => {
    for (const { phone, email, managerEmail, website } of locations) {
      expect(phone).toMatch(/^\+1\d{3}55501\d{2}$/);
      expect(email).toMatch(/@example\.com$/);
      expect(managerEmail).toMatch(/@example\.com$/);
      expect(website).toMatch(/^https:\/\/otterbrook\.example\.com\//);
    }
    expect(new Set(locations.map(({ phone }) => phone)).size).toBe(100);
  });

  it('have caps from 5 to 60, some none, and offer from a short list of services', () => {
    const caps = locations.flatMap(({ dailyCap }) => dailyCap ?? []);
    expect({ lowest: Math.min(...caps), highest: Math.max(...caps) }).toEqual({ lowest: 5, highest: 60 });
    expect(locations.length - caps.length).toBeGreaterThan(5);
    const services = ['drain-cleaning', 'emergency', 'leak-repair', 'sewer', 'water-heater'];
    expect([...new Set(locations.flatMap((location) => location.services))].sort()).toEqual(services);
  });
});

describe('the example territories', () => {
  const { territories, errors, warnings } = parseTerritoryCsv(readExample('territories-100.csv'), { postalCodes });

  it('have nothing wrong in them, and owners that exist', () => {
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
    const codes = new Set(locations.map(({ franchiseCode }) => franchiseCode));
    expect(territories.filter(({ franchiseCode }) => !codes.has(franchiseCode))).toEqual([]);
  });

  it('give each location its own postal code and at most 15 more', () => {
    const owners = new Map(territories.map(({ value, franchiseCode }) => [value, franchiseCode]));
    for (const { postalCode, franchiseCode } of locations) {
      expect(owners.get(lookUp(postalCode)?.code ?? '')).toBe(franchiseCode);
      const owned = territories.filter((territory) => territory.franchiseCode === franchiseCode);
      expect(owned.length).toBeLessThanOrEqual(16);
    }
  });

  it('give each postal code to the nearest location', () => {
    const index = buildGeoIndex(locations.map(({ coordinates }) => coordinates));
    const elsewhere = territories.filter(({ value, franchiseCode }) => {
      const coordinates = lookUp(value)?.coordinates ?? { lng: 0, lat: 0 };
      const [nearest] = findNearest({ index, coordinates, limit: 1 });
      return locations[nearest?.index ?? -1]?.franchiseCode !== franchiseCode;
    });
    expect(elsewhere).toEqual([]);
  });

  it('are exclusive, but for some', () => {
    const shared = territories.filter(({ exclusive }) => !exclusive).length;
    expect(shared).toBeGreaterThan(100);
    expect(shared).toBeLessThan(territories.length / 2);
  });
});
