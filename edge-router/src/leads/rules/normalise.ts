import { areInRange, type Coordinates } from '../../locations/rules/distance.ts';
import { cleanPostalCode, type CleanPostalCode } from '../../locations/rules/postal-code-text.ts';
import { parseState, type State } from '../../locations/rules/states.ts';
import { parseEmail } from '../../rules/email.ts';
import { parsePhone } from '../../rules/phone.ts';
import { toPlainText } from '../../rules/plain-text.ts';
import { toServiceToken } from '../../rules/service-token.ts';

type Flat = Readonly<Record<string, string | number | boolean | null>>;

/** A lead as its source sent it. */
export interface RawLead {
  readonly source: string;
  readonly externalId?: string | undefined;
  readonly firstName?: string | undefined;
  readonly lastName?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly address?: string | undefined;
  readonly city?: string | undefined;
  readonly state?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly country?: string | undefined;
  readonly coordinates?: Coordinates | undefined;
  readonly service?: string | undefined;
  readonly score?: number | undefined;
  /** Our id, franchise code or sub-account id of the location that the source names. */
  readonly location?: string | undefined;
  readonly utm?: Flat | undefined;
  readonly consent?: Flat | undefined;
  readonly metadata?: Flat | undefined;
}

/** A lead that can be compared and stored; null is absent or unusable, and a note says which. */
export interface CleanLead {
  readonly source: string;
  readonly externalId: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** Lower case. */
  readonly email: string | null;
  /** E.164, without an extension. */
  readonly phone: string | null;
  readonly address: string | null;
  readonly city: string | null;
  /** Code of a US state, a territory or a Canadian province. */
  readonly state: string | null;
  readonly postalCode: CleanPostalCode | null;
  /** ISO 3166 two letters: as given, else the state's, else the postal code's. */
  readonly country: string | null;
  readonly coordinates: Coordinates | null;
  /** Lower-case words joined by dashes. */
  readonly service: string | null;
  readonly score: number | null;
  readonly location: string | null;
  readonly utm: Flat | null;
  readonly consent: Flat | null;
  readonly metadata: Flat | null;
}

export interface NormalisedLead {
  readonly clean: CleanLead;
  /** `field: code` for what was changed in meaning or could not be used. Never a value: notes are shown and logged. */
  readonly notes: readonly string[];
}

/**
 * Cleans what a source sent. A field that cannot be used never refuses the lead: it becomes null and a note says why,
 * such as `email: unusable`, `phone: extension_dropped`, `postalCode: lost_zero`, `coordinates: lat_lng_swapped`.
 */
export function normaliseLead(raw: RawLead): NormalisedLead {
  const notes: string[] = [];
  const state = cleanState(raw.state, notes);
  const postalCode = cleanCode(raw.postalCode, notes);
  const country = cleanCountry(raw.country, { state, postalCode, notes });
  const clean: CleanLead = {
    source: raw.source.trim(),
    externalId: textOf(raw.externalId),
    firstName: textOf(raw.firstName),
    lastName: textOf(raw.lastName),
    email: cleanEmail(raw.email, notes),
    phone: cleanPhone(raw.phone, { country, notes }),
    address: textOf(raw.address),
    city: textOf(raw.city),
    state: state?.code ?? null,
    postalCode,
    country,
    coordinates: cleanCoordinates(raw.coordinates, notes),
    service: cleanService(raw.service, notes),
    score: raw.score ?? null,
    location: textOf(raw.location),
    utm: raw.utm ?? null,
    consent: raw.consent ?? null,
    metadata: raw.metadata ?? null,
  };
  return { clean, notes };
}

/** What a person is recognised by, each to be hashed: `email:ann@example.com`, `phone:+16175550123`. */
export function personKeyInputs(clean: Pick<CleanLead, 'email' | 'phone'>): string[] {
  return [...(clean.email ? [`email:${clean.email}`] : []), ...(clean.phone ? [`phone:${clean.phone}`] : [])];
}

function textOf(raw: string | undefined): string | null {
  return raw === undefined ? null : toPlainText(raw);
}

function cleanEmail(raw: string | undefined, notes: string[]): string | null {
  const text = textOf(raw);
  if (text === null) return null;
  const email = parseEmail(text);
  if (email === null) notes.push('email: unusable');
  return email;
}

function cleanPhone(raw: string | undefined, context: { country: string | null; notes: string[] }): string | null {
  const text = textOf(raw);
  if (text === null) return null;
  const phone = parsePhone(text, context.country);
  if (phone === null) context.notes.push('phone: unusable');
  if (phone?.hasExtension) context.notes.push('phone: extension_dropped');
  return phone?.e164 ?? null;
}

function cleanState(raw: string | undefined, notes: string[]): State | null {
  const text = textOf(raw);
  if (text === null) return null;
  const state = parseState(text);
  if (state === null) notes.push('state: unknown');
  return state;
}

function cleanCode(raw: string | undefined, notes: string[]): CleanPostalCode | null {
  const text = textOf(raw);
  if (text === null) return null;
  const cleaned = cleanPostalCode(text);
  if (!cleaned.ok) notes.push(`postalCode: ${cleaned.error.kind}`);
  return cleaned.ok ? cleaned.value : null;
}

const COUNTRIES_BY_NAME: Readonly<Record<string, string>> = {
  usa: 'US',
  unitedstates: 'US',
  unitedstatesofamerica: 'US',
  canada: 'CA',
  can: 'CA',
};

function cleanCountry(
  raw: string | undefined,
  context: { state: State | null; postalCode: CleanPostalCode | null; notes: string[] },
): string | null {
  const { state, postalCode, notes } = context;
  const implied = state?.country ?? postalCode?.country ?? null;
  const key = (raw ?? '').toLowerCase().replaceAll(/[^a-z]/g, '');
  if (key === '') return implied;
  const given = COUNTRIES_BY_NAME[key] ?? (key.length === 2 ? key.toUpperCase() : null);
  if (given === null) notes.push('country: unknown');
  // 'CA' is written for California as well as for Canada: a state decides between the two.
  const contradicts = state !== null && given !== null && given !== state.country;
  if (contradicts) notes.push('country: contradicts_state');
  return given === null || contradicts ? implied : given;
}

/** A latitude beyond 60° south is no place for a lead: there the two numbers have changed places. */
const SOUTHERNMOST_LAT = -60;

function cleanCoordinates(raw: Coordinates | undefined, notes: string[]): Coordinates | null {
  if (raw === undefined) return null;
  const fault = findCoordinatesFault(raw);
  if (fault !== null) notes.push(`coordinates: ${fault}`);
  return fault === null ? { lng: raw.lng, lat: raw.lat } : null;
}

function findCoordinatesFault(coordinates: Coordinates): 'lat_lng_swapped' | 'out_of_range' | 'zero' | null {
  const { lng, lat } = coordinates;
  const looksSwapped = (Math.abs(lat) > 90 || lat < SOUTHERNMOST_LAT) && areInRange({ lng: lat, lat: lng });
  if (looksSwapped) return 'lat_lng_swapped';
  if (!areInRange(coordinates)) return 'out_of_range';
  return lng === 0 && lat === 0 ? 'zero' : null;
}

function cleanService(raw: string | undefined, notes: string[]): string | null {
  const text = textOf(raw);
  if (text === null) return null;
  const service = toServiceToken(text);
  if (service === null) notes.push('service: unusable');
  return service;
}
