import type { GeoConfidence } from '../../leads/rules/decision.ts';
import { err, ok } from '../../rules/result.ts';
import { areInRange, measureDistanceMiles, type Coordinates } from './distance.ts';
import { fault, readDegrees, type CellFault, type CellResult } from './location-cells.ts';
import type { CleanPostalCode } from './postal-code-text.ts';
import { findCity, findPostalCode, findState, type PostalCode, type PostalCodes } from './postal-codes.ts';
import { parseState, type State } from './states.ts';

/** What a row says about where it is; null is blank, or wrong and already reported. */
export interface PlaceCells {
  readonly coordinates: Coordinates | null;
  readonly postalCode: CleanPostalCode | null;
  readonly city: string | null;
  readonly state: State | null;
}

export interface LocationPlace {
  readonly coordinates: Coordinates;
  readonly geoConfidence: Exclude<GeoConfidence, 'ip'>;
}

/** A postal code's area is at most this wide, but in the north, where a few people share a code as large as a country. */
const FAR_MILES = 100;
const FAR_IN_THE_NORTH_MILES = 1000;
/** A town may get its mail from over the state's border; not from further away than this. */
const ACROSS_BORDER_MILES = 30;

/** Coordinates, else the middle of the postal code's area, else the city's, else the state's. */
export function findLocationPlace(cells: PlaceCells, postalCodes: PostalCodes): LocationPlace | null {
  if (cells.coordinates) return { coordinates: cells.coordinates, geoConfidence: 'rooftop' };
  const known = cells.postalCode && findPostalCode(postalCodes, cells.postalCode.lookup);
  if (known) return { coordinates: known.coordinates, geoConfidence: 'zip' };
  if (!cells.state) return null;
  const city = cells.city && findCity(postalCodes, { city: cells.city, state: cells.state.code });
  if (city) return { coordinates: city, geoConfidence: 'city' };
  const state = findState(postalCodes, cells.state.code);
  return state && { coordinates: state, geoConfidence: 'state' };
}

interface StateCells {
  readonly postalCode: CleanPostalCode;
  /** What the table knows of it. */
  readonly known: PostalCode | null;
  readonly state: State;
  readonly city: string | null;
}

/** A postal code of another state is a mistake, unless the city lies just over the border from it. */
export function checkPostalCodeState(cells: StateCells, postalCodes: PostalCodes): CellFault | null {
  const { postalCode, known, state, city } = cells;
  if (known === null)
    return postalCode.country === state.country ? null : notInState(`${postalCode.display} is not in ${state.name}.`);
  if (known.state === state.code) return null;
  const cityPlace = city && findCity(postalCodes, { city, state: state.code });
  if (cityPlace && measureDistanceMiles(cityPlace, known.coordinates) <= ACROSS_BORDER_MILES) return null;
  const stateName = parseState(known.state)?.name ?? known.state;
  return notInState(`${postalCode.display} is ${known.city}, ${stateName}, not ${state.name}.`);
}

function notInState(message: string): CellFault {
  return { code: 'postal_code_not_in_state', message };
}

/** Reads latitude and longitude as two texts; both are blank, or both are there. */
export function readLatLng(texts: { lat: string; lng: string }): CellResult<Coordinates> {
  const lat = readDegrees(texts.lat);
  const lng = readDegrees(texts.lng);
  if (!lat.ok) return lat;
  return lng.ok ? ok({ lng: lng.value, lat: lat.value }) : lng;
}

/** Reads `{ lng, lat }` of a JSON row. */
export function readCoordinates(value: unknown): CellResult<Coordinates> {
  const { lng, lat } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  if (typeof lng === 'number' && typeof lat === 'number') return ok({ lng, lat });
  return fault('bad_coordinates', 'Coordinates are { "lng": number, "lat": number }.');
}

/** `postalCode` is the row's, where it is known: coordinates far from it are wrong, and often only swapped. */
export function checkCoordinates(coordinates: Coordinates, postalCode: PostalCode | null): CellResult<Coordinates> {
  const swapped = { lng: coordinates.lat, lat: coordinates.lng };
  const isPossible = areInRange(coordinates);
  if (isPossible && !isFarFrom(coordinates, postalCode)) return ok(coordinates);
  if (areInRange(swapped) && !isFarFrom(swapped, postalCode) && (postalCode !== null || !isPossible)) {
    return fault('lat_lng_swapped', 'Latitude and longitude have changed places.');
  }
  if (!isPossible) return fault('bad_coordinates', 'Latitude is from -90 to 90, longitude from -180 to 180.');
  return err(describeDistance(coordinates, postalCode));
}

function isFarFrom(coordinates: Coordinates, postalCode: PostalCode | null): boolean {
  if (postalCode === null) return false;
  const isNorth = postalCode.state === 'AK' || (postalCode.country === 'CA' && postalCode.code[1] === '0');
  const limitMiles = isNorth ? FAR_IN_THE_NORTH_MILES : FAR_MILES;
  return measureDistanceMiles(coordinates, postalCode.coordinates) > limitMiles;
}

function describeDistance(coordinates: Coordinates, postalCode: PostalCode | null): CellFault {
  const miles = postalCode ? Math.round(measureDistanceMiles(coordinates, postalCode.coordinates)) : 0;
  const message = `This point is ${miles.toLocaleString('en-US')} miles from ${postalCode?.code ?? ''}, the row\u2019s postal code.`;
  return { code: 'coordinates_far_from_postal_code', message };
}
