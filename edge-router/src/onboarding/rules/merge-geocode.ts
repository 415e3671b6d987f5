import { checkCoordinates } from '../../locations/rules/location-place.ts';
import { findPostalCode, type PostalCodes } from '../../locations/rules/postal-codes.ts';
import { cleanPostalCode } from '../../locations/rules/postal-code-text.ts';
import { findTimezone, type ReadClock } from '../../locations/rules/timezones.ts';
import type { CensusAddress, CensusAnswer } from './census-csv.ts';
import type { OnboardingRow } from './onboarding-row.ts';

export type GeocodeOutcome = 'match' | 'no_match' | 'tie' | 'far_from_postal_code';

/** Whether the Census knows of such an address at all, and it could say more than the row does. */
export function isGeocodable({ country, geoConfidence }: Pick<OnboardingRow, 'country' | 'geoConfidence'>): boolean {
  return country === 'US' && geoConfidence !== 'rooftop';
}

export function toCensusAddress(id: string, row: Omit<CensusAddress, 'id'>): CensusAddress {
  const { address, city, state, postalCode } = row;
  return { id, address, city, state, postalCode };
}

interface MergeContext {
  readonly postalCodes: PostalCodes;
  readonly readClock: ReadClock;
}

/**
 * What a geocoder's answer makes of a row: its point, where it lies near the row's postal code, and the time zone there, where
 * the place decides it. The row stays as it is for any other answer.
 */
export function mergeGeocode(
  row: OnboardingRow,
  answer: CensusAnswer,
  { postalCodes, readClock }: MergeContext,
): { readonly outcome: GeocodeOutcome; readonly row: OnboardingRow | null } {
  if (answer.kind !== 'match') return { outcome: answer.kind, row: null };
  const { coordinates } = answer;
  if (!isNear(coordinates, row.postalCode, postalCodes)) return { outcome: 'far_from_postal_code', row: null };
  const timezone =
    row.timezoneSource === 'place' ? findTimezone({ state: row.state, coordinates }, readClock) : row.timezone;
  return { outcome: 'match', row: { ...row, coordinates, geoConfidence: 'rooftop', timezone } };
}

/** Of a postal code that is not known, nothing is known to be far. */
export function isNear(
  coordinates: OnboardingRow['coordinates'],
  postalCode: string,
  postalCodes: PostalCodes,
): boolean {
  const cleaned = cleanPostalCode(postalCode);
  const known = cleaned.ok ? findPostalCode(postalCodes, cleaned.value.lookup) : null;
  return checkCoordinates(coordinates, known).ok;
}
