import type { Rules } from '../leads/rules/routing-rules.ts';
import {
  buildDirectory,
  type Directory,
  type DirectoryData,
  type DirectoryLocation,
} from '../locations/rules/directory.ts';
import { asLocationId } from '../rules/ids.ts';

export const testRules: Rules = {
  version: 7,
  radiusMiles: 50,
  strategy: { kind: 'nearest' },
  territory: { whenOwnerUnavailable: 'overflow' },
  overflow: { mode: 'nearest', radiusMiles: 150 },
  hours: 'ignored',
  stickyDays: 90,
  dedupeWindowMinutes: 60,
  fromBrowser: [],
  timezone: 'America/New_York',
};

/** An id that sorts by its number. */
export function testLocationId(number: number): DirectoryLocation['id'] {
  return asLocationId(`00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`);
}

/** A location that takes every lead; what a test is about is given. */
export function testLocation(number: number, given: Partial<DirectoryLocation> = {}): DirectoryLocation {
  return {
    id: testLocationId(number),
    name: `Location ${number}`,
    franchiseCode: `F${number}`,
    ghlLocationId: null,
    coordinates: { lng: -71, lat: 42 },
    city: 'Boston',
    state: 'MA',
    postalCode: '02134',
    timezone: 'America/New_York',
    services: [],
    active: true,
    paused: false,
    dailyCap: null,
    hours: null,
    holidays: [],
    conversionRate: null,
    ...given,
  };
}

export function testDirectory(given: Partial<DirectoryData>): Directory {
  return buildDirectory({
    version: 1,
    territoriesVersion: 1,
    rulesVersion: 1,
    keysVersion: 1,
    locations: [],
    territories: [],
    rules: testRules,
    apiKeys: [],
    ...given,
  });
}
