import { parseState } from './states.ts';
import { readCsvSheet } from './csv-sheet.ts';
import {
  describeRepair,
  fault,
  readFlag,
  readPostalCode,
  readShortText,
  readTerritoryDay,
  type CellFault,
  type CellResult,
} from './location-cells.ts';
import { findCityName, findCountyName, findPostalCode, postalCodesBetween, type PostalCodes } from './postal-codes.ts';
import { createRowReader, type RowReader } from './row-reader.ts';
import { readJsonSheet, type CellError, type Column, type Sheet } from './sheet.ts';
import { toTerritoryKey, type TerritoryKind } from './territory-index.ts';
import { ok } from '../../rules/result.ts';

const MAX_TERRITORY_ROWS = 100_000;
/** Hand-overs of one place; each is held against all before it. */
const MAX_ROWS_OF_ONE_VALUE = 50;
const MAX_RANGE_ZIPS = 20_000;

/** Who owns a place, and on which days. */
export interface TerritoryInput {
  /** The row a spreadsheet shows. */
  readonly row: number;
  readonly kind: TerritoryKind;
  /** As in `TerritoryRow`. */
  readonly value: string;
  readonly franchiseCode: string;
  readonly exclusive: boolean;
  /** First day, YYYY-MM-DD; null for always. */
  readonly from: string | null;
  /** First day no more; null for open ends. */
  readonly to: string | null;
}

export interface TerritoryRowsContext {
  readonly postalCodes: PostalCodes;
  /** Take codes that are not in the table, with a warning: it lacks a few of the newest. */
  readonly allowUnknown?: boolean;
}

export interface TerritoryRowsResult {
  /** The good rows, in the file's order. */
  readonly territories: readonly TerritoryInput[];
  readonly errors: readonly CellError[];
  readonly warnings: readonly CellError[];
  readonly unknownColumns: readonly string[];
}

type TerritoryColumn =
  | 'postalCode'
  | 'county'
  | 'city'
  | 'state'
  | 'franchiseCode'
  | 'exclusive'
  | 'firstDay'
  | 'lastDay';

const optional = (key: TerritoryColumn, heading: string): Column<TerritoryColumn> => ({
  key,
  heading,
  isRequired: false,
  aliases: [],
});

const territoryColumns: readonly Column<TerritoryColumn>[] = [
  optional('postalCode', 'Postal Code'),
  optional('county', 'County'),
  optional('city', 'City'),
  optional('state', 'State'),
  { key: 'franchiseCode', heading: 'Franchise Code', isRequired: true, aliases: [] },
  optional('exclusive', 'Exclusive'),
  optional('firstDay', 'First Day'),
  optional('lastDay', 'Last Day'),
];
const columnsByKey = new Map(territoryColumns.map((column) => [column.key, column]));
const sheetOptions = {
  columns: territoryColumns,
  maxRows: MAX_TERRITORY_ROWS,
  // What the locations' file calls it.
  mapping: { 'Zip Code': 'Postal Code', Zip: 'Postal Code', ZIP: 'Postal Code', 'ZIP Range': 'Postal Code' },
};

/**
 * One place in each row: a Postal Code or a range of ZIPs (02100-02199), else a City or a County with its State, else a
 * State; beside a Postal Code the others are not looked at. Franchise Code; Exclusive (yes or no, yes when blank); First
 * Day and Last Day, both included.
 */
export function parseTerritoryCsv(text: string, context: TerritoryRowsContext): TerritoryRowsResult {
  return readTerritories(readCsvSheet(text, sheetOptions), context);
}

/** Rows as JSON objects, `{ postalCode, franchiseCode, exclusive?, … }`. The first counts as row 2. */
export function parseTerritoryRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  context: TerritoryRowsContext,
): TerritoryRowsResult {
  return readTerritories(readJsonSheet(rows, sheetOptions), context);
}

function readTerritories(sheet: Sheet<TerritoryColumn>, context: TerritoryRowsContext): TerritoryRowsResult {
  const findClash = createClashFinder();
  const territories: TerritoryInput[] = [];
  const errors = [...sheet.errors];
  const warnings: CellError[] = [...sheet.warnings];
  for (const sheetRow of sheet.rows) {
    if (sheetRow.fault) {
      errors.push(sheetRow.fault);
      continue;
    }
    const reader = createRowReader(sheetRow, columnsByKey);
    const territory = readTerritory(reader, { ...context, row: sheetRow.row });
    const clash = territory && findClash(territory);
    if (clash) reader.fail(columnOf(territory.kind), clash);
    errors.push(...reader.errors);
    warnings.push(...reader.warnings);
    if (territory && !clash) territories.push(territory);
  }
  errors.sort((a, b) => a.row - b.row);
  return { territories, errors, warnings, unknownColumns: sheet.unknownColumns };
}

type Reader = RowReader<TerritoryColumn>;
interface RowContext extends TerritoryRowsContext {
  readonly row: number;
}
interface Place {
  readonly kind: TerritoryKind;
  readonly value: string;
}

function readTerritory(reader: Reader, context: RowContext): TerritoryInput | null {
  const place = readPlace(reader, context);
  const franchiseCode = reader.read('franchiseCode', (text) => readShortText(text, 64));
  const exclusive = reader.read('exclusive', readFlag) ?? true;
  const from = reader.read('firstDay', readTerritoryDay);
  const lastDay = reader.read('lastDay', readTerritoryDay);
  if (from && lastDay && lastDay < from) {
    reader.fail('lastDay', { code: 'before_first_day', message: 'The last day comes before the first.' });
  }
  if (reader.errors.length > 0 || !place || !franchiseCode) return null;
  return { row: context.row, ...place, franchiseCode, exclusive, from, to: lastDay && dayAfter(lastDay) };
}

function readPlace(reader: Reader, context: RowContext): Place | null {
  const failedBefore = reader.errors.length;
  const byPostalCode = reader.read('postalCode', (text) => readPostalCodes(text, context, reader));
  if (byPostalCode || reader.errors.length > failedBefore) return byPostalCode;
  const state = reader.read('state', (text): CellResult<string> => {
    const found = parseState(text);
    return found ? ok(found.code) : fault('unknown_state', 'This is no US state, territory or Canadian province.');
  });
  const city = reader.read('city', (text) => readShortText(text, 120));
  const county = reader.read('county', (text) => readShortText(text, 120));
  if (reader.errors.length > failedBefore) return null;
  if (!state) return failForPlace(reader, city ?? county);
  if (city && county) {
    reader.fail('county', { code: 'two_places', message: 'A row names one place: a city or a county.' });
    return null;
  }
  if (city)
    return readArea(reader, 'city', { state, given: city, name: findCityName(context.postalCodes, { city, state }) });
  if (county) {
    return readArea(reader, 'county', {
      state,
      given: county,
      name: findCountyName(context.postalCodes, { county, state }),
    });
  }
  return { kind: 'state', value: state };
}

function failForPlace(reader: Reader, area: string | null): null {
  if (area === null) {
    reader.fail('postalCode', {
      code: 'missing',
      message: 'Postal Code is missing, or a county, city or state instead.',
    });
  } else reader.fail('state', { code: 'missing', message: 'The state of this county or city is missing.' });
  return null;
}

function readArea(
  reader: Reader,
  kind: 'city' | 'county',
  { state, given, name }: { state: string; given: string; name: string | null },
): Place | null {
  if (name !== null) return { kind, value: `${state}/${name}` };
  reader.fail(kind, {
    code: `unknown_${kind}`,
    message: `No postal code of ${state} lies in a ${kind} of the name ${given}.`,
  });
  return null;
}

const RANGE = /^(\S+?)\s*(?:-|–|\bto\b)\s*(\d{5})$/i;
const NOT_KNOWN = 'This postal code is not known.';

function readPostalCodes(text: string, context: RowContext, reader: Reader): CellResult<Place> {
  const [, first, last] = RANGE.exec(text) ?? [];
  if (first !== undefined && last !== undefined) return readZipRange(first, last, context);
  const cleaned = readPostalCode(text);
  if (!cleaned.ok) return cleaned;
  const { lookup, wasRepaired } = cleaned.value;
  const isKnown = findPostalCode(context.postalCodes, lookup) !== null;
  if (!isKnown && !context.allowUnknown) return fault('unknown_postal_code', NOT_KNOWN);
  if (wasRepaired) reader.warn('postalCode', describeRepair(cleaned.value));
  if (!isKnown) reader.warn('postalCode', { code: 'unknown_postal_code', message: NOT_KNOWN });
  return ok({ kind: 'zip', value: lookup });
}

function readZipRange(first: string, last: string, context: RowContext): CellResult<Place> {
  if (!/^\d{5}$/.test(first)) return fault('malformed_range', 'A range is of five digits each: 02100-02199.');
  if (first > last) return fault('malformed_range', 'The range ends before it begins.', `${last}-${first}`);
  if (Number(last) - Number(first) >= MAX_RANGE_ZIPS) {
    return fault('malformed_range', `A range has at most ${MAX_RANGE_ZIPS.toLocaleString('en-US')} codes.`);
  }
  const isInhabited = context.allowUnknown || postalCodesBetween(context.postalCodes, first, last).length > 0;
  if (!isInhabited) return fault('unknown_postal_code', 'No postal code that is known lies in this range.');
  return first === last ? ok({ kind: 'zip', value: first }) : ok({ kind: 'zip_range', value: `${first}-${last}` });
}

function columnOf(kind: TerritoryKind): TerritoryColumn {
  return kind === 'zip' || kind === 'zip_range' ? 'postalCode' : kind;
}

const NAMES: Readonly<Record<TerritoryKind, string>> = {
  zip: 'postal code',
  zip_range: 'range',
  city: 'city',
  county: 'county',
  state: 'state',
};

/** Finds rows that give one place to somebody on days that an earlier row has given already. */
function createClashFinder(): (territory: TerritoryInput) => CellFault | null {
  const known = new Map<string, TerritoryInput[]>();
  return (territory) => {
    const key = toTerritoryKey(territory.kind, territory.value);
    const earlier = known.get(key) ?? [];
    const clash = earlier.find((other) => shareDays(other, territory));
    const what = NAMES[territory.kind];
    if (clash) {
      const isDated = [clash, territory].some(({ from, to }) => from !== null || to !== null);
      const forDays = isDated ? ', for some of the same days' : '';
      return { code: 'duplicate', message: `This ${what} is also on row ${clash.row}${forDays}.` };
    }
    if (earlier.length === MAX_ROWS_OF_ONE_VALUE) {
      return { code: 'too_many_rows', message: `One ${what} has at most ${MAX_ROWS_OF_ONE_VALUE} rows.` };
    }
    known.set(key, [...earlier, territory]);
    return null;
  };
}

type Days = Pick<TerritoryInput, 'from' | 'to'>;

/** Whether there is a day on which both hold. */
export function shareDays(a: Days, b: Days): boolean {
  return (a.to === null || b.from === null || b.from < a.to) && (b.to === null || a.from === null || a.from < b.to);
}

const DAY_MS = 86_400_000;

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
