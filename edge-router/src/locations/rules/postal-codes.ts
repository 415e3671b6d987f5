// The packed table of US and Canadian postal codes and the questions asked of it. It stays in typed arrays: 44,000 codes
// cost about a megabyte and a few milliseconds to read, not 44,000 objects. edge-router/build-scripts/pack-postal-codes.ts
// writes it, in the order that readPostalCodes reads; both count with the unsigned LEB128 numbers of readNumber.
import { findCentroid, type Coordinates } from './distance.ts';
import { timezonesOfState, type Country } from './states.ts';

const nameDecoder = new TextDecoder();

/** First bytes of the file: 'ZIP' and the version of the layout. */
export const POSTAL_CODES_MAGIC = 0x5a_49_50_02;
/** Coordinates are stored as whole multiples of 1/10,000 of a degree: 11 metres, as precise as the source. */
export const UNITS_PER_DEGREE = 10_000;
/** Canadian codes are numbered after the five-digit ones. */
const FIRST_CANADIAN_KEY = 100_000;

export interface PostalCode {
  /** Look-up form: '02134', 'K1A'. */
  readonly code: string;
  readonly country: Country;
  readonly coordinates: Coordinates;
  readonly city: string;
  /** Code of the state or province. */
  readonly state: string;
  /** As the county is called, without the word: 'Suffolk'. Null in Canada, at sea, and where the source does not say. */
  readonly county: string | null;
}

export interface PostalCodes {
  readonly size: number;
  /** `toPostalCodeKey` of each code, ascending; the three arrays after it run beside it. */
  readonly keys: Uint32Array;
  readonly cityIndexes: Uint16Array;
  /** 0 for none; county `i` is the name `i - 1` of `countyNames`. */
  readonly countyIndexes: Uint16Array;
  readonly lngs: Int32Array;
  readonly lats: Int32Array;
  readonly states: readonly { readonly code: string; readonly coordinates: Coordinates }[];
  /** Cities of state `i` are those from `stateCities[i]` up to `stateCities[i + 1]`, sorted by `toCityKey`. */
  readonly stateCities: Uint16Array;
  readonly cityStates: Uint8Array;
  readonly cityNameStarts: Uint32Array;
  readonly cityNames: Uint8Array;
  readonly countyNames: readonly string[];
}

/** Reads the packed table; `bytes` is kept, since city names are read from it when asked for. Throws on another layout. */
export function readPostalCodes(bytes: ArrayBuffer | Uint8Array): PostalCodes {
  const reader = createReader(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  if (reader.readNumber() !== POSTAL_CODES_MAGIC) throw new Error('Not a table of postal codes of this version.');
  const size = reader.readNumber();
  const keys = Uint32Array.from(reader.readRising(size));
  const lngs = Int32Array.from(reader.readWandering(size));
  const lats = Int32Array.from(reader.readWandering(size));
  const cityIndexes = Uint16Array.from(reader.readWandering(size));
  const countyIndexes = Uint16Array.from(reader.readWandering(size));
  const countyNames = readNames(reader);
  const { states, stateCities } = readStates(reader);
  const cities = readCities(reader, stateCities);
  return { size, keys, lngs, lats, cityIndexes, countyIndexes, countyNames, states, stateCities, ...cities };
}

function readNames(reader: Reader): string[] {
  const starts = reader.readRising(reader.readNumber() + 1);
  const bytes = reader.readBytes(starts.at(-1) ?? 0);
  return starts.slice(1).map((end, index) => nameDecoder.decode(bytes.subarray(starts[index], end)));
}

function readStates(reader: Reader): Pick<PostalCodes, 'states' | 'stateCities'> {
  const count = reader.readNumber();
  const states = Array.from({ length: count }, () => {
    const code = String.fromCharCode(reader.readNumber(), reader.readNumber());
    const [lng = 0, lat = 0] = reader.readWandering(2);
    return { code, coordinates: toCoordinates(lng, lat) };
  });
  return { states, stateCities: Uint16Array.from(reader.readRising(count + 1)) };
}

function readCities(
  reader: Reader,
  stateCities: Uint16Array,
): Pick<PostalCodes, 'cityStates' | 'cityNameStarts' | 'cityNames'> {
  const count = stateCities.at(-1) ?? 0;
  const cityStates = new Uint8Array(count);
  for (let state = 0; state < stateCities.length - 1; state++) {
    cityStates.fill(state, stateCities[state], stateCities[state + 1]);
  }
  return { cityStates, cityNameStarts: Uint32Array.from(reader.readRising(count + 1)), cityNames: reader.readRest() };
}

interface Reader {
  readNumber(): number;
  /** Numbers stored as steps up from the one before. */
  readRising(count: number): number[];
  /** Numbers stored as zigzag-coded steps from the one before. */
  readWandering(count: number): number[];
  readBytes(length: number): Uint8Array;
  readRest(): Uint8Array;
}

function createReader(bytes: Uint8Array): Reader {
  let at = 0;
  const readNumber = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('The table of postal codes is cut short.');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const readSteps = (count: number, readStep: () => number) => {
    const numbers: number[] = [];
    for (let i = 0, value = 0; i < count; i++) numbers.push((value += readStep()));
    return numbers;
  };
  const readSigned = () => {
    const number = readNumber();
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  };
  return {
    readNumber,
    readRising: (count) => readSteps(count, readNumber),
    readWandering: (count) => readSteps(count, readSigned),
    readBytes: (length) => bytes.subarray(at, (at += length)),
    readRest: () => bytes.subarray(at),
  };
}

/** Looks up a cleaned code: five digits, or a Canadian forward sortation area. Null for one that is not known. */
export function findPostalCode(table: PostalCodes, cleanedCode: string): PostalCode | null {
  return postalCodeAt(table, findPostalCodeIndex(table, cleanedCode));
}

/** Where a code is, without all else that is known of it; null for one that is not known. */
export function findPostalCodePoint(table: PostalCodes, cleanedCode: string): Coordinates | null {
  const index = findPostalCodeIndex(table, cleanedCode);
  return index < 0 ? null : toCoordinates(table.lngs[index] ?? 0, table.lats[index] ?? 0);
}

function findPostalCodeIndex(table: PostalCodes, cleanedCode: string): number {
  const key = toPostalCodeKey(cleanedCode);
  return key === null ? -1 : findSorted(table.size, (i) => (table.keys[i] ?? 0) - key);
}

/** The middle of a city's postal codes. Case, accents, dots, and Saint or St, Fort or Ft, Mount or Mt do not matter. */
export function findCity(table: PostalCodes, place: { city: string; state: string }): Coordinates | null {
  const city = findCityIndex(table, place);
  if (city === null) return null;
  const codes: Coordinates[] = [];
  for (let i = 0; i < table.size; i++) {
    if (table.cityIndexes[i] === city) codes.push(toCoordinates(table.lngs[i] ?? 0, table.lats[i] ?? 0));
  }
  return findCentroid(codes);
}

/**
 * The middle of a state's postal codes, so nearer to where people live than to the middle of the land. Null for military
 * mail, which has no place.
 */
export function findState(table: PostalCodes, stateCode: string): Coordinates | null {
  if (timezonesOfState(stateCode).length === 0) return null;
  return table.states.find(({ code }) => code === stateCode)?.coordinates ?? null;
}

/** The code at a place in the ascending order of all; null beyond the ends. */
export function postalCodeAt(table: PostalCodes, index: number): PostalCode | null {
  const key = table.keys[index];
  const city = table.cityIndexes[index];
  if (key === undefined || city === undefined) return null;
  return {
    code: toCode(key),
    country: key < FIRST_CANADIAN_KEY ? 'US' : 'CA',
    coordinates: toCoordinates(table.lngs[index] ?? 0, table.lats[index] ?? 0),
    city: cityNameAt(table, city),
    state: table.states[table.cityStates[city] ?? 0]?.code ?? '',
    county: table.countyNames[(table.countyIndexes[index] ?? 0) - 1] ?? null,
  };
}

/** The ZIPs from one to another, both included. */
export function postalCodesBetween(table: PostalCodes, from: string, to: string): string[] {
  const [first, last] = [toPostalCodeKey(from) ?? 0, toPostalCodeKey(to) ?? -1];
  return Array.from(table.keys.subarray(countBelow(table, first), countBelow(table, last + 1)), toCode);
}

function countBelow(table: PostalCodes, key: number): number {
  let low = 0;
  let high = table.size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((table.keys[middle] ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Every code in ascending order, US first. */
export function* listPostalCodes(table: PostalCodes): Generator<PostalCode> {
  for (let index = 0; index < table.size; index++) {
    const postalCode = postalCodeAt(table, index);
    if (postalCode) yield postalCode;
  }
}

/** The number a code is sorted by; null for what is neither five digits nor letter, digit, letter. */
export function toPostalCodeKey(code: string): number | null {
  if (/^\d{5}$/.test(code)) return Number(code);
  if (!/^[A-Z]\d[A-Z]$/.test(code)) return null;
  return FIRST_CANADIAN_KEY + letterAt(code, 0) * 260 + Number(code[1]) * 26 + letterAt(code, 2);
}

/** What two spellings of one city's name have in common. */
export function toCityKey(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/\b(saint|sainte|fort|mount)\b/g, (word) => CITY_WORDS[word] ?? word)
    .replaceAll(/[^a-z0-9]/g, '');
}

/** What two spellings of one county's name have in common: 'St. Louis', 'Saint Louis County' and 'saint louis'. */
export function toCountyKey(name: string): string {
  const bare = name.replace(/^City and Borough of /i, '').replace(COUNTY_WORDS, '');
  return toCityKey(bare === '' ? name : bare);
}

const COUNTY_WORDS =
  / (?:county|parish|borough|census area|municipality|municipio|city and borough|\(ca\)|\(county\))$/i;

const CITY_WORDS: Readonly<Record<string, string>> = { saint: 'st', sainte: 'ste', fort: 'ft', mount: 'mt' };

function cityNameAt(table: PostalCodes, city: number): string {
  return nameDecoder.decode(table.cityNames.subarray(table.cityNameStarts[city], table.cityNameStarts[city + 1]));
}

/** Name of the city as the table has it; null where it is not known. */
export function findCityName(table: PostalCodes, place: { city: string; state: string }): string | null {
  const city = findCityIndex(table, place);
  return city === null ? null : cityNameAt(table, city);
}

/** Name of the county as the table has it; null where it is not known. */
export function findCountyName(table: PostalCodes, place: { county: string; state: string }): string | null {
  let counties = countiesByTable.get(table);
  if (!counties) countiesByTable.set(table, (counties = indexCounties(table)));
  return counties.get(`${place.state}/${toCountyKey(place.county)}`) ?? null;
}

const countiesByTable = new WeakMap<PostalCodes, ReadonlyMap<string, string>>();

/** Some 3,100 of them, found by looking at every code once. */
function indexCounties(table: PostalCodes): Map<string, string> {
  const counties = new Map<string, string>();
  for (let index = 0, before = 0; index < table.size; index++) {
    const county = table.countyIndexes[index] ?? 0;
    const name = table.countyNames[county - 1];
    if (name === undefined || county === before) continue;
    before = county;
    const state = table.states[table.cityStates[table.cityIndexes[index] ?? 0] ?? 0]?.code ?? '';
    counties.set(`${state}/${toCountyKey(name)}`, name);
  }
  return counties;
}

function findCityIndex(table: PostalCodes, place: { city: string; state: string }): number | null {
  const state = table.states.findIndex(({ code }) => code === place.state);
  const first = table.stateCities[state];
  const end = table.stateCities[state + 1];
  if (first === undefined || end === undefined) return null;
  const key = toCityKey(place.city);
  const offset = findSorted(end - first, (i) => compareText(toCityKey(cityNameAt(table, first + i)), key));
  return offset === -1 ? null : first + offset;
}

/** Binary search: `compareAt` is negative before the place sought, 0 at it, positive after it. -1 when it is not there. */
function findSorted(size: number, compareAt: (index: number) => number): number {
  let low = 0;
  let high = size - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareAt(middle);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** By code unit, the same wherever it runs. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function toCode(key: number): string {
  if (key < FIRST_CANADIAN_KEY) return String(key).padStart(5, '0');
  const area = key - FIRST_CANADIAN_KEY;
  return `${letter(Math.floor(area / 260))}${Math.floor(area / 26) % 10}${letter(area % 26)}`;
}

function toCoordinates(lngUnits: number, latUnits: number): Coordinates {
  return { lng: lngUnits / UNITS_PER_DEGREE, lat: latUnits / UNITS_PER_DEGREE };
}

function letterAt(code: string, index: number): number {
  return code.charCodeAt(index) - 65;
}

function letter(number: number): string {
  return String.fromCharCode(65 + number);
}
