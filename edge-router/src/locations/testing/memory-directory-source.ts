import { testLocation, testLocationId, testRules } from '../../testing/test-directory.ts';
import type { DirectorySource } from '../directory-source.ts';
import type { DirectoryData, DirectoryLocation } from '../rules/directory.ts';

/** A Postgres of the directory in memory, that counts what is asked of it. */
export function createMemorySource() {
  let data: DirectoryData = {
    version: 1,
    territoriesVersion: 1,
    rulesVersion: 1,
    keysVersion: 1,
    locations: [testLocation(1)],
    territories: [['zip', '02134', testLocationId(1), true, null, null]],
    rules: testRules,
    apiKeys: [],
  };
  const changedAt = new Map<string, number>([[testLocationId(1), 1]]);
  const asked = { all: 0, changes: 0, versions: 0 };
  let isDown = false;
  const guard = (): void => {
    if (isDown) throw new Error('down');
  };
  const source: DirectorySource = {
    readVersions: async () => {
      guard();
      asked.versions++;
      return data;
    },
    countLocations: async () => {
      guard();
      return data.locations.length;
    },
    readThin: async () => {
      guard();
      asked.all++;
      const { locations: _locations, territories: _territories, ...thin } = data;
      return thin;
    },
    readTerritories: async () => {
      guard();
      return data.territories;
    },
    readLocationPages: async function* () {
      guard();
      yield data.locations;
    },
    readSlice: async () => {
      guard();
      return { locations: data.locations, territories: null, horizonMiles: Infinity };
    },
    readChange: async (since) => {
      guard();
      asked.changes++;
      const { territories, rules, scheduledRules = [], apiKeys, locations, ...versions } = data;
      return {
        ...versions,
        changedLocations: locations.filter((location) => (changedAt.get(location.id) ?? 0) > since.version),
        ...(data.territoriesVersion > since.territoriesVersion ? { territories } : {}),
        ...(data.rulesVersion > since.rulesVersion ? { rules, scheduledRules } : {}),
        ...(data.keysVersion > since.keysVersion ? { apiKeys } : {}),
      };
    },
  };
  return {
    source,
    asked,
    setDown: (down: boolean) => {
      isDown = down;
    },
    change: (location: DirectoryLocation) => {
      const version = data.version + 1;
      changedAt.set(location.id, version);
      data = { ...data, version, locations: [...data.locations.filter(({ id }) => id !== location.id), location] };
    },
    setRules: (given: Pick<DirectoryData, 'rules' | 'scheduledRules'>) => {
      data = { ...data, version: data.version + 1, rulesVersion: data.version + 1, ...given };
    },
    setTerritories: (territories: DirectoryData['territories']) => {
      data = { ...data, version: data.version + 1, territoriesVersion: data.version + 1, territories };
    },
  };
}
