import { ok } from '../../rules/result.ts';
import type { Coordinates } from './distance.ts';
import {
  describeRepair,
  fault,
  readConversionRate,
  readFlag,
  readDailyCap,
  readEmail,
  readHolidays,
  readHours,
  readOpeningDate,
  readPhone,
  readPostalCode,
  readServices,
  readShortText,
  readState,
  readWebsite,
  type CellResult,
} from './location-cells.ts';
import type { LocationColumn } from './location-columns.ts';
import {
  checkCoordinates,
  checkPostalCodeState,
  findLocationPlace,
  readCoordinates,
  readLatLng,
  type LocationPlace,
} from './location-place.ts';
import type { WeeklyHours } from './opening-hours.ts';
import type { CleanPostalCode } from './postal-code-text.ts';
import { findPostalCode, type PostalCode, type PostalCodes } from './postal-codes.ts';
import { createDuplicateFinder, type FindDuplicate, type RowReader } from './row-reader.ts';
import type { SheetRow } from './sheet.ts';
import { timezonesOfState, type Country, type GeoRegion, type State } from './states.ts';
import { checkTimezone, createClockReader, findTimezone, type ReadClock } from './timezones.ts';

/** A row whose every cell is good, ready to be upserted by its franchise code. */
export interface LocationInput {
  readonly name: string;
  readonly franchiseCode: string;
  readonly address: string;
  readonly city: string;
  /** Code. */
  readonly state: string;
  /** As it is written: '02134', 'K1A 0B1'. */
  readonly postalCode: string;
  readonly country: Country;
  readonly coordinates: Coordinates;
  readonly geoConfidence: LocationPlace['geoConfidence'];
  readonly phone: string | null;
  readonly email: string | null;
  readonly website: string | null;
  readonly timezone: string;
  /** Leads a day; null is no limit. */
  readonly dailyCap: number | null;
  readonly region: string | null;
  readonly geoRegion: GeoRegion;
  /** YYYY-MM-DD. */
  readonly openingDate: string | null;
  readonly managerName: string | null;
  readonly managerEmail: string | null;
  readonly services: readonly string[];
  readonly ghlLocationId: string | null;
  /** Null, as for the three below, where the file says nothing: what is stored stays. A new location is active. */
  readonly active: boolean | null;
  readonly hours: WeeklyHours | null;
  /** YYYY-MM-DD, ascending. */
  readonly holidays: readonly string[] | null;
  readonly conversionRate: number | null;
}

/** As a row says it: the franchise code may be left out where the column is not required. */
export type LocationRow = Omit<LocationInput, 'franchiseCode'> & { readonly franchiseCode: string | null };

/** What the rows of one file are read with; it remembers which codes it has met. */
export interface LocationRowContext {
  readonly postalCodes: PostalCodes;
  /** YYYY-MM-DD. */
  readonly today: string;
  readonly readClock: ReadClock;
  readonly findFranchiseCode: FindDuplicate;
  readonly findSubAccount: FindDuplicate;
}

export function createLocationRowContext(given: Pick<LocationRowContext, 'postalCodes' | 'today'>): LocationRowContext {
  return {
    postalCodes: given.postalCodes,
    today: given.today,
    readClock: createClockReader(given.today),
    findFranchiseCode: createDuplicateFinder('franchise code'),
    findSubAccount: createDuplicateFinder('sub-account'),
  };
}

type Reader = RowReader<LocationColumn>;

/** The rules for the cells of a locations file, whatever becomes of its rows. Null where any cell is bad: the reader has them. */
export function readLocationRow(
  reader: Reader,
  row: SheetRow<LocationColumn>,
  context: LocationRowContext,
): LocationRow | null {
  const identity = readIdentity(reader, row.row, context);
  const where = readWhere(reader, row, context);
  const contact = readContact(reader, where.state?.country ?? null);
  const terms = readTerms(reader, context.today);
  const timezone = readTimezone(reader, where, context.readClock);
  const { name } = identity;
  const { address, city, state, postalCode, place } = where;
  const isWhole = name && address && city && state && postalCode && place && timezone;
  if (reader.errors.length > 0 || !isWhole) return null;
  return {
    ...identity,
    name,
    address,
    city,
    state: state.code,
    postalCode: postalCode.display,
    country: state.country,
    coordinates: place.coordinates,
    geoConfidence: place.geoConfidence,
    geoRegion: state.geoRegion,
    timezone,
    ...contact,
    ...terms,
  };
}

function readIdentity(reader: Reader, row: number, context: LocationRowContext) {
  return {
    name: reader.read('name', upTo(200)),
    franchiseCode: reader.read('franchiseCode', unique(upTo(64), context.findFranchiseCode, row)),
    ghlLocationId: reader.read('ghlLocationId', unique(upTo(64), context.findSubAccount, row)),
  };
}

function readContact(reader: Reader, country: Country | null) {
  return {
    phone: reader.read('phone', (text) => readPhone(text, country)),
    email: reader.read('email', readEmail),
    website: reader.read('website', readWebsite),
    managerName: reader.read('managerName', upTo(200)),
    managerEmail: reader.read('managerEmail', readEmail),
  };
}

function readTerms(reader: Reader, today: string) {
  return {
    dailyCap: reader.read('dailyCap', readDailyCap),
    region: reader.read('region', upTo(120)),
    openingDate: reader.read('openingDate', (text) => readOpeningDate(text, today)),
    services: reader.readValue('specialties', readServices) ?? [],
    active: reader.read('active', readFlag),
    hours: reader.read('hours', readHours),
    holidays: reader.readValue('holidays', (value) => readHolidays(value, today)),
    conversionRate: reader.read('conversionRate', readConversionRate),
  };
}

interface Where {
  readonly address: string | null;
  readonly city: string | null;
  readonly state: State | null;
  readonly postalCode: CleanPostalCode | null;
  readonly place: LocationPlace | null;
}

function readWhere(reader: Reader, row: SheetRow<LocationColumn>, context: LocationRowContext): Where {
  const { postalCodes } = context;
  const address = reader.read('address', upTo(300));
  const city = reader.read('city', upTo(120));
  const postalCode = reader.read('postalCode', readPostalCode);
  const known = postalCode && findPostalCode(postalCodes, postalCode.lookup);
  if (postalCode) lookOver(reader, postalCode, known);
  const state = reader.read('state', (text) => readState(text, known?.state));
  const mismatch = postalCode && state && checkPostalCodeState({ postalCode, known, state, city }, postalCodes);
  if (mismatch) reader.fail('postalCode', mismatch);
  // A code of the wrong state says nothing about where the row is.
  const coordinates = readPoint(reader, row, mismatch ? null : known);
  const place = findLocationPlace({ coordinates, postalCode, city, state }, postalCodes);
  if (!place && state && postalCode) reader.fail('postalCode', NO_PLACE);
  return { address, city, state, postalCode, place };
}

const NO_PLACE = { code: 'no_place', message: 'It is not known where this is: give its latitude and longitude.' };

function lookOver(reader: Reader, postalCode: CleanPostalCode, known: PostalCode | null): void {
  if (postalCode.wasRepaired) reader.warn('postalCode', describeRepair(postalCode));
  if (!known) {
    const message = 'This postal code is not in the table: the location is placed by its city or state.';
    reader.warn('postalCode', { code: 'unknown_postal_code', message });
  }
}

function readPoint(reader: Reader, row: SheetRow<LocationColumn>, known: PostalCode | null): Coordinates | null {
  const check = (result: CellResult<Coordinates>) => (result.ok ? checkCoordinates(result.value, known) : result);
  const point = reader.readValue('coordinates', (value) => check(readCoordinates(value)));
  if (point) return point;
  const lat = reader.read('latitude', (text) => ok(text));
  const lng = reader.read('longitude', (text) => ok(text));
  if (lat !== null && lng !== null) return reader.read('latitude', () => check(readLatLng({ lat, lng })));
  const isHalf = (lat === null) !== (lng === null) && row.cells.coordinates === undefined;
  if (isHalf) reader.fail(lat === null ? 'latitude' : 'longitude', HALF_A_POINT);
  return null;
}

const HALF_A_POINT = { code: 'missing', message: 'Latitude and longitude go together.' };

function readTimezone(reader: Reader, { state, place }: Where, readClock: ReadClock): string | null {
  const given = reader.read('timezone', (text) => ok(text));
  if (!state || !place) return null;
  const found = findTimezone({ state: state.code, coordinates: place.coordinates }, readClock);
  if (given !== null) return reader.read('timezone', (text) => judgeTimezone(text, { state, found, readClock }));
  const zones = timezonesOfState(state.code);
  if (place.geoConfidence !== 'state' || zones.length < 2) return found;
  const [main = found] = zones;
  const message = `Only the state is known, which has several time zones: taken as ${main}.`;
  reader.warn('timezone', { code: 'timezone_guessed', message, suggestion: main });
  return main;
}

function judgeTimezone(
  text: string,
  { state, found, readClock }: { state: State; found: string; readClock: ReadClock },
): CellResult<string> {
  const checked = checkTimezone(text, { state: state.code, readClock });
  if ('timezone' in checked) return ok(checked.timezone);
  if (checked.fault === 'unknown_timezone') {
    return fault(checked.fault, 'This is no IANA time zone, such as America/Chicago.', found);
  }
  return fault(checked.fault, `This is no time zone of ${state.name}.`, found);
}

function upTo(maxLength: number): (text: string) => CellResult<string> {
  return (text) => readShortText(text, maxLength);
}

function unique(
  readText: (text: string) => CellResult<string>,
  findDuplicate: FindDuplicate,
  row: number,
): (text: string) => CellResult<string> {
  return (text) => {
    const result = readText(text);
    const duplicate = result.ok ? findDuplicate(result.value, row) : null;
    return duplicate ? fault(duplicate.code, duplicate.message) : result;
  };
}
