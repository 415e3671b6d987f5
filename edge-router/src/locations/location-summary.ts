import type { DirectoryLocation } from './rules/directory.ts';

/** A location as lists and searches answer it. */
export type LocationSummary = Pick<
  DirectoryLocation,
  | 'id'
  | 'name'
  | 'franchiseCode'
  | 'ghlLocationId'
  | 'active'
  | 'paused'
  | 'coordinates'
  | 'city'
  | 'state'
  | 'postalCode'
  | 'timezone'
  | 'services'
  | 'dailyCap'
>;

export function describeLocation(location: LocationSummary): LocationSummary {
  const { id, name, franchiseCode, ghlLocationId, active, paused, coordinates } = location;
  const { city, state, postalCode, timezone, services, dailyCap } = location;
  return {
    id,
    name,
    franchiseCode,
    ghlLocationId,
    active,
    paused,
    coordinates,
    city,
    state,
    postalCode,
    timezone,
    services,
    dailyCap,
  };
}
