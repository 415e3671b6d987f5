import * as z from 'zod';
import type { AppDeps } from '../deps.ts';
import { findLocationPlace } from '../locations/rules/location-place.ts';
import { cleanPostalCode } from '../locations/rules/postal-code-text.ts';
import { parseState } from '../locations/rules/states.ts';
import { createClockReader, findTimezone, type ReadClock } from '../locations/rules/timezones.ts';
import type { CensusAnswer } from './rules/census-csv.ts';
import { isNear, toCensusAddress } from './rules/merge-geocode.ts';

const MAX_ADDRESSES = 1000;
/** A caller waits for it. */
const CENSUS_TIMEOUT_MS = 25_000;

const cell = (most: number) => z.string().max(most).default('');
const addressSchema = z.strictObject({
  id: z.string().max(200).optional().describe('comes back with the answer'),
  address: cell(300),
  city: cell(120),
  state: cell(60),
  postalCode: cell(20),
});

export const geocodeBodySchema = z.union(
  [
    z.strictObject({ addresses: z.array(addressSchema).min(1).max(MAX_ADDRESSES) }),
    z.strictObject({ planId: z.uuid().describe('takes up a plan’s geocoding again that was given up') }),
  ],
  { error: `{ "addresses": [...] } with at most ${MAX_ADDRESSES}, or { "planId": "…" }` },
);

type Address = z.output<typeof addressSchema>;

export const geocodedSchema = z.object({
  id: z.string().nullable(),
  outcome: z
    .enum(['match', 'no_match', 'tie', 'far_from_postal_code', 'not_asked', 'unavailable'])
    .describe('what the Census said; not_asked: not in the US, or no street'),
  coordinates: z.object({ lng: z.number(), lat: z.number() }).nullable(),
  geoConfidence: z.enum(['rooftop', 'zip', 'city', 'state']).nullable(),
  timezone: z.string().nullable(),
  matchedAddress: z.string().nullable(),
});

type Geocoded = z.output<typeof geocodedSchema>;
type GeocodeDeps = Pick<AppDeps, 'geocodeBatch' | 'postalCodes' | 'nowMs' | 'log'>;

/** Places each address: by the Census, else by its postal code, its city, its state. Without the Census it answers the rest. */
export async function geocodeAddresses(
  deps: GeocodeDeps,
  addresses: readonly Address[],
): Promise<{ items: Geocoded[]; censusAvailable: boolean }> {
  const asked = addresses.flatMap((address, index) => (isAskable(address) ? [toQuestion(String(index), address)] : []));
  const answers = await deps.geocodeBatch(asked, { timeoutMs: CENSUS_TIMEOUT_MS });
  if (!answers.ok) deps.log({ event: 'geocoding_failed', reason: answers.error.reason });
  const readClock = createClockReader(new Date(deps.nowMs()).toISOString().slice(0, 10));
  const items = addresses.map((address, index) => {
    const answer = isAskable(address) ? (answers.ok ? answers.value.get(String(index)) : null) : undefined;
    return placeAddress(deps, { address, answer, readClock });
  });
  return { items, censusAvailable: answers.ok };
}

function isAskable({ address, state }: Address): boolean {
  return address.trim() !== '' && parseState(state)?.country === 'US';
}

function toQuestion(id: string, address: Address) {
  return toCensusAddress(id, { ...address, state: parseState(address.state)?.code ?? '' });
}

interface Question {
  readonly address: Address;
  /** Undefined: not asked; null: the Census could not be. */
  readonly answer: CensusAnswer | null | undefined;
  readonly readClock: ReadClock;
}

function placeAddress({ postalCodes }: GeocodeDeps, { address, answer, readClock }: Question): Geocoded {
  const cleaned = cleanPostalCode(address.postalCode, { allowLostZero: true });
  const postalCode = cleaned.ok ? cleaned.value : null;
  const state = parseState(address.state);
  const isMatch = answer?.kind === 'match' && isNear(answer.coordinates, postalCode?.display ?? '', postalCodes);
  const place = findLocationPlace(
    { coordinates: isMatch ? answer.coordinates : null, postalCode, city: address.city || null, state },
    postalCodes,
  );
  const stateCode = state?.code;
  return {
    id: address.id ?? null,
    outcome: describeOutcome(answer, isMatch),
    coordinates: place?.coordinates ?? null,
    geoConfidence: place?.geoConfidence ?? null,
    timezone: place && stateCode ? findTimezone({ state: stateCode, coordinates: place.coordinates }, readClock) : null,
    matchedAddress: isMatch ? answer.matchedAddress : null,
  };
}

function describeOutcome(answer: Question['answer'], isMatch: boolean): Geocoded['outcome'] {
  if (answer === undefined) return 'not_asked';
  if (answer === null) return 'unavailable';
  if (answer.kind !== 'match') return answer.kind;
  return isMatch ? 'match' : 'far_from_postal_code';
}
