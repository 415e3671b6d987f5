import * as z from 'zod';
import { findObstacle } from '../leads/rules/eligibility.ts';
import { findPlace, type Place } from '../leads/rules/place.ts';
import type { DirectoryHolder, RunInBackground } from './directory-holder.ts';
import type { DirectoryLocation } from './rules/directory.ts';
import { findNearest } from './rules/geo-index.ts';
import { cleanPostalCode } from './rules/postal-code-text.ts';
import type { PostalCodes } from './rules/postal-codes.ts';
import { describeLocation, type LocationSummary } from './location-summary.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { toServiceToken } from '../rules/service-token.ts';
import type { InputError } from '../http/problem.ts';

const MAX_LIMIT = 100;
// Coercion alone takes a blank for 0, which is a place in the Atlantic.
const decimal = z.string().regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, { error: 'a decimal number' });
const number = (min: number, max: number) => decimal.transform(Number).pipe(z.number().min(min).max(max));

/** Query of `GET /v1/locations/nearby`: a postal code, or `lng` and `lat`. */
export const nearbyQuerySchema = z
  .strictObject({
    postalCode: z.string().min(1).max(20).optional(),
    lng: number(-180, 180).optional(),
    lat: number(-90, 90).optional(),
    radiusMiles: number(0, 12_500).optional(),
    service: z
      .string()
      .min(1)
      .max(80)
      .transform(toServiceToken)
      .refine((token) => token !== null, { error: 'letters or digits' })
      .optional(),
    limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(10),
  })
  .refine((query) => (query.lng === undefined) === (query.lat === undefined), {
    error: 'lng and lat go together',
    path: ['lng'],
  })
  .refine((query) => query.postalCode !== undefined || query.lng !== undefined, {
    error: 'give postalCode, or lng and lat',
    path: ['postalCode'],
  });

export type NearbyQuery = z.output<typeof nearbyQuerySchema>;

export interface NearbyAnswer {
  readonly origin: Place;
  readonly items: readonly (LocationSummary & { readonly distanceMiles: number })[];
  readonly nextCursor: null;
}

export interface NearbyDeps {
  readonly directory: Pick<DirectoryHolder, 'forNearby'>;
  readonly postalCodes: PostalCodes;
  readonly background: RunInBackground;
}

/**
 * Active locations that are not paused and offer the service, nearest first. Answered from the isolate alone, unless the
 * brand is too large for one.
 */
export async function findNearby(
  query: NearbyQuery,
  { directory: holder, postalCodes, background }: NearbyDeps,
): Promise<Result<NearbyAnswer, readonly InputError[]>> {
  const origin = findOrigin(query, postalCodes);
  if (!origin.ok) return origin;
  const question = { service: query.service ?? null, refusals: new Map() };
  const accepts = (location: DirectoryLocation): boolean => findObstacle(location, question) === null;
  const wanted = { coordinates: origin.value.coordinates, limit: query.limit, radiusMiles: query.radiusMiles ?? null };
  const directory = await holder.forNearby({ ...wanted, accepts }, background);
  const found = findNearest({
    index: directory.geoIndex,
    coordinates: origin.value.coordinates,
    limit: query.limit,
    ...(query.radiusMiles === undefined ? {} : { radiusMiles: query.radiusMiles }),
    accepts: (index) => {
      const location = directory.activeLocations[index];
      return location !== undefined && accepts(location);
    },
  });
  const items = found.flatMap(({ index, distanceMiles }) => {
    const location = directory.activeLocations[index];
    return location ? [{ ...describeLocation(location), distanceMiles: Math.round(distanceMiles * 100) / 100 }] : [];
  });
  return ok({ origin: origin.value, items, nextCursor: null });
}

function findOrigin(query: NearbyQuery, postalCodes: PostalCodes): Result<Place, readonly InputError[]> {
  const coordinates = query.lng === undefined || query.lat === undefined ? null : { lng: query.lng, lat: query.lat };
  if (coordinates) return ok({ coordinates, geoConfidence: 'rooftop' });
  const invalid = (message: string): Result<Place, readonly InputError[]> =>
    err([{ field: 'postalCode', code: 'invalid_postal_code', message }]);
  const cleaned = cleanPostalCode(query.postalCode ?? '');
  if (!cleaned.ok) return invalid('Not a US or Canadian postal code');
  const place = findPlace(
    { coordinates: null, postalCode: cleaned.value.lookup, city: null, state: null },
    postalCodes,
  );
  return place ? ok(place) : invalid('No such postal code is known');
}
