import type { Coordinates } from '../../locations/rules/distance.ts';
import { findCity, findPostalCodePoint, findState, type PostalCodes } from '../../locations/rules/postal-codes.ts';
import type { GeoConfidence } from './decision.ts';

export interface PlaceInputs {
  readonly coordinates: Coordinates | null;
  /** Look-up form: five digits, or the first three characters of a Canadian code. */
  readonly postalCode: string | null;
  readonly city: string | null;
  readonly state: string | null;
  /** The place of the person's address on the internet, as the edge knows it; only where it is theirs. */
  readonly edgePlace?: Coordinates | null;
}

export interface Place {
  readonly coordinates: Coordinates;
  readonly geoConfidence: GeoConfidence;
}

/**
 * The best point the inputs give: coordinates, else the postal code's, else the city's, else the state's, else the edge's,
 * else none.
 */
export function findPlace(inputs: PlaceInputs, postalCodes: PostalCodes): Place | null {
  if (inputs.coordinates) return { coordinates: inputs.coordinates, geoConfidence: 'rooftop' };
  const centre = inputs.postalCode ? findPostalCodePoint(postalCodes, inputs.postalCode) : null;
  if (centre) return { coordinates: centre, geoConfidence: 'zip' };
  const edge = inputs.edgePlace ? ({ coordinates: inputs.edgePlace, geoConfidence: 'ip' } as const) : null;
  if (!inputs.state) return edge;
  const city = inputs.city ? findCity(postalCodes, { city: inputs.city, state: inputs.state }) : null;
  if (city) return { coordinates: city, geoConfidence: 'city' };
  const state = findState(postalCodes, inputs.state);
  return state ? { coordinates: state, geoConfidence: 'state' } : edge;
}
