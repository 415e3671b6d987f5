import { readCsvSheet } from './csv-sheet.ts';
import { locationColumns, type LocationColumn } from './location-columns.ts';
import { createLocationRowContext, readLocationRow, type LocationInput } from './location-row.ts';
import type { PostalCodes } from './postal-codes.ts';
import { createRowReader } from './row-reader.ts';
import { readJsonSheet, type CellError, type Sheet } from './sheet.ts';

export const MAX_LOCATION_ROWS = 10_000;

export interface LocationRowsContext {
  readonly postalCodes: PostalCodes;
  /** YYYY-MM-DD. */
  readonly today: string;
  /** Headings of this file, each with the standard heading it stands for: `columnMappingFor` suggests it. */
  readonly mapping?: Readonly<Record<string, string>>;
}

export interface LocationRowsResult {
  /** The good rows, in the file's order; `rows` beside it has their row numbers. */
  readonly locations: readonly LocationInput[];
  readonly rows: readonly number[];
  /** Every bad cell of every row, and what is wrong with the file or its header (row 1). */
  readonly errors: readonly CellError[];
  /** What was accepted but ought to be looked at: a repaired ZIP, one that is not in the table, a guessed time zone. */
  readonly warnings: readonly CellError[];
  readonly unknownColumns: readonly string[];
}

export function parseLocationCsv(text: string, context: LocationRowsContext): LocationRowsResult {
  return readLocations(readCsvSheet(text, toSheetOptions(context)), context);
}

/** Rows as JSON objects; keys are the columns' keys or headings in any spelling. The first counts as row 2. */
export function parseLocationRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  context: LocationRowsContext,
): LocationRowsResult {
  return readLocations(readJsonSheet(rows, toSheetOptions(context)), context);
}

function toSheetOptions({ mapping }: LocationRowsContext) {
  return { columns: locationColumns, maxRows: MAX_LOCATION_ROWS, mapping };
}

const columnsByKey = new Map(locationColumns.map((column) => [column.key, column]));

function readLocations(sheet: Sheet<LocationColumn>, context: LocationRowsContext): LocationRowsResult {
  const rowContext = createLocationRowContext(context);
  const locations: LocationInput[] = [];
  const rows: number[] = [];
  const errors = [...sheet.errors];
  const warnings: CellError[] = [...sheet.warnings];
  for (const sheetRow of sheet.rows) {
    if (sheetRow.fault) {
      errors.push(sheetRow.fault);
      continue;
    }
    const reader = createRowReader(sheetRow, columnsByKey);
    const location = readLocationRow(reader, sheetRow, rowContext);
    errors.push(...reader.errors);
    warnings.push(...reader.warnings);
    // The column is required, so a row without a franchise code has an error.
    if (!location?.franchiseCode) continue;
    locations.push({ ...location, franchiseCode: location.franchiseCode });
    rows.push(sheetRow.row);
  }
  errors.sort((a, b) => a.row - b.row);
  return { locations, rows, errors, warnings, unknownColumns: sheet.unknownColumns };
}
