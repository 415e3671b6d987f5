import type { LocationUpsert } from '../queries/upsert-locations.ts';

/** A location in Boston that takes every lead, but for what is given. */
export function locationUpsert(given: Partial<LocationUpsert> & { readonly franchiseCode: string }): LocationUpsert {
  return {
    name: given.franchiseCode,
    address: null,
    city: 'Boston',
    state: 'MA',
    postalCode: '02134',
    country: 'US',
    coordinates: { lng: -71, lat: 42 },
    geoConfidence: 'zip',
    phone: null,
    email: null,
    website: null,
    timezone: 'America/New_York',
    dailyCap: null,
    region: null,
    geoRegion: 'northeast',
    openingDate: null,
    managerName: null,
    managerEmail: null,
    services: [],
    ghlLocationId: null,
    active: true,
    hours: null,
    holidays: null,
    conversionRate: null,
    ...given,
  };
}
