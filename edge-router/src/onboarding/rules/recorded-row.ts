import { parseState } from '../../locations/rules/states.ts';
import type { StoredLocation } from './compare-location.ts';
import type { OnboardingRow } from './onboarding-row.ts';

/**
 * The row of a run that is done, as the location's record has it by now: what was changed there since is how the location ought to
 * be.
 */
export function takeRecordAsWanted(row: OnboardingRow, stored: StoredLocation): OnboardingRow {
  const { name, phone, email, website, timezone, dailyCap, region, openingDate, managerName, managerEmail } = stored;
  const state = stored.state ?? row.state;
  const known = parseState(state);
  return {
    ...row,
    name,
    phone,
    email,
    website,
    timezone,
    dailyCap,
    region,
    openingDate,
    managerName,
    managerEmail,
    address: stored.address ?? row.address,
    city: stored.city ?? row.city,
    state,
    postalCode: stored.postalCode ?? row.postalCode,
    country: known?.country ?? row.country,
    geoRegion: known?.geoRegion ?? row.geoRegion,
    coordinates: stored.coordinates ?? row.coordinates,
    geoConfidence: CONFIDENCES.find((confidence) => confidence === stored.geoConfidence) ?? row.geoConfidence,
    timezoneSource: timezone === row.timezone ? row.timezoneSource : 'given',
    services: [...stored.services],
    hours:
      row.hours &&
      (stored.hours?.map((spans) => spans.map(([opens, closes]): [number, number] => [opens, closes])) ?? null),
    holidays: row.holidays && [...stored.holidays],
    conversionRate: row.conversionRate === null ? null : stored.conversionRate,
  };
}

const CONFIDENCES = ['rooftop', 'zip', 'city', 'state'] as const;
