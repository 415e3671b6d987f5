import { readCsvSheet } from '../../locations/rules/csv-sheet.ts';
import { locationColumns, type LocationColumn } from '../../locations/rules/location-columns.ts';
import {
  createLocationRowContext,
  readLocationRow,
  type LocationRow,
  type LocationRowContext,
} from '../../locations/rules/location-row.ts';
import type { PostalCodes } from '../../locations/rules/postal-codes.ts';
import { createDuplicateFinder, createRowReader, type RowReader } from '../../locations/rules/row-reader.ts';
import {
  headerError,
  isBlank,
  readJsonSheet,
  type CellError,
  type Sheet,
  type SheetRow,
} from '../../locations/rules/sheet.ts';
import { fillEmail } from './email-rule.ts';
import type { OnboardingRow } from './onboarding-row.ts';
import { toComparable, toRowKey } from './row-key.ts';

const MAX_ONBOARDING_ROWS = 10_000;

/** The standard columns, of which a file without franchise codes may lack that one, too. `errors` is our own files'. */
const onboardingColumns = locationColumns.map((column) =>
  column.key === 'franchiseCode' ? { ...column, isRequired: false } : column,
);
const columnsByKey = new Map(onboardingColumns.map((column) => [column.key, column]));
const OUR_OWN_COLUMN = /^\s*errors\s*$/i;

export interface OnboardingRowsContext {
  readonly postalCodes: PostalCodes;
  /** YYYY-MM-DD. */
  readonly today: string;
  /** Headings of this file, each with the standard heading it stands for. */
  readonly mapping?: Readonly<Record<string, string>> | undefined;
  /** Fills e-mails that are missing: `{franchiseCode}@brand.example`. */
  readonly emailRule?: string | null;
  /** The file does not say how its letters are coded: cells with letters beyond ASCII are to be looked at. */
  readonly isEncodingGuessed?: boolean;
}

/** A row of the file: as it came, and what could be made of it. */
export interface ReadOnboardingRow {
  /** As a spreadsheet shows it. */
  readonly row: number;
  readonly cells: SheetRow<LocationColumn>['cells'];
  /** Null where any cell is bad. */
  readonly input: OnboardingRow | null;
  readonly errors: readonly CellError[];
  /** What was repaired, filled or guessed, or ought to be looked at. */
  readonly warnings: readonly CellError[];
}

export interface OnboardingRowsResult {
  /** In the file's order; none where the file itself cannot be read, which `errors` says. */
  readonly rows: readonly ReadOnboardingRow[];
  /** The columns that the file has. */
  readonly columns: readonly LocationColumn[];
  readonly errors: readonly CellError[];
  readonly warnings: readonly CellError[];
  readonly unknownColumns: readonly string[];
}

/** Reads a CSV by the rules that imports have, too; every bad cell of every row at once. */
export function parseOnboardingCsv(text: string, context: OnboardingRowsContext): OnboardingRowsResult {
  return readRows(readCsvSheet(text, toSheetOptions(context)), context);
}

/** Rows as JSON objects; keys are the columns' keys or headings in any spelling. The first counts as row 2. */
export function parseOnboardingRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  context: OnboardingRowsContext,
): OnboardingRowsResult {
  return readRows(readJsonSheet(rows, toSheetOptions(context)), context);
}

function toSheetOptions({ mapping }: OnboardingRowsContext) {
  return { columns: onboardingColumns, maxRows: MAX_ONBOARDING_ROWS, mapping };
}

interface RowsContext {
  readonly given: OnboardingRowsContext;
  readonly cells: LocationRowContext;
  readonly hasColumn: (key: LocationColumn) => boolean;
  readonly findName: ReturnType<typeof createDuplicateFinder>;
  readonly findAddress: ReturnType<typeof createDuplicateFinder>;
  readonly findRowKey: ReturnType<typeof createDuplicateFinder>;
}

function readRows(sheet: Sheet<LocationColumn>, given: OnboardingRowsContext): OnboardingRowsResult {
  const columns = new Set(sheet.columns);
  const context: RowsContext = {
    given,
    cells: createLocationRowContext(given),
    hasColumn: (key) => columns.has(key),
    findName: createDuplicateFinder('name'),
    findAddress: createDuplicateFinder('address'),
    findRowKey: createDuplicateFinder('name with this address and postal code'),
  };
  const warnings = sheet.rows.length > 0 ? [...sheet.warnings, ...lookOverColumns(context)] : sheet.warnings;
  return {
    rows: sheet.rows.map((row) => readRow(row, context)),
    columns: sheet.columns,
    errors: sheet.errors,
    warnings,
    unknownColumns: sheet.unknownColumns.filter((heading) => !OUR_OWN_COLUMN.test(heading)),
  };
}

/** Said once of the file, not of each of its rows. */
function lookOverColumns({ hasColumn, given }: RowsContext): CellError[] {
  const missing = (['phone', 'email', 'franchiseCode'] as const).filter(
    (key) => !hasColumn(key) && !(key === 'email' && given.emailRule),
  );
  return missing.map((key) => {
    const heading = columnsByKey.get(key)?.heading ?? key;
    return headerError(
      heading,
      `no_${ROW_WARNINGS[key].code}`,
      `There is no such column. ${ROW_WARNINGS[key].message}`,
    );
  });
}

const ROW_WARNINGS = {
  phone: { code: 'phone', message: 'Texts that name the location’s phone would name none.' },
  email: {
    code: 'email',
    message: 'Texts that name the location’s e-mail would name none; an e-mail rule can fill it.',
  },
  franchiseCode: {
    code: 'franchise_code',
    message: 'Rows are known by name, address and postal code: changing one of these later makes another location.',
  },
} as const;

function readRow(sheetRow: SheetRow<LocationColumn>, context: RowsContext): ReadOnboardingRow {
  const { row, cells, fault } = sheetRow;
  if (fault) return { row, cells, input: null, errors: [fault], warnings: [] };
  const reader = createRowReader(sheetRow, columnsByKey);
  const location = readLocationRow(reader, sheetRow, context.cells);
  const input = location && toOnboardingRow(location, reader, { sheetRow, context });
  if (context.given.isEncodingGuessed) lookAtLetters(reader, sheetRow);
  const isGood = reader.errors.length === 0;
  return { row, cells, input: isGood ? input : null, errors: reader.errors, warnings: reader.warnings };
}

function lookAtLetters(reader: RowReader<LocationColumn>, { cells }: SheetRow<LocationColumn>): void {
  for (const { key } of onboardingColumns) {
    const value = cells[key];
    if (typeof value === 'string' && /[^\0-\x7F]/.test(value)) reader.warn(key, GUESSED_LETTERS);
  }
}

const GUESSED_LETTERS = {
  code: 'encoding_guessed',
  message: 'The file is not in UTF-8 and was read as Windows-1252: are its accents right?',
};

function toOnboardingRow(
  { active, ...location }: LocationRow,
  reader: RowReader<LocationColumn>,
  { sheetRow, context }: { sheetRow: SheetRow<LocationColumn>; context: RowsContext },
): OnboardingRow {
  const rowKey = toRowKey(location);
  const franchiseCode = location.franchiseCode ?? rowKey;
  const email = location.email ?? readFilledEmail({ ...location, franchiseCode }, reader, context);
  checkKey({ rowKey, location, reader, row: sheetRow.row, context });
  if (location.phone === null && context.hasColumn('phone')) warnMissing(reader, 'phone');
  if (active === false)
    reader.warn('active', { code: 'not_used', message: 'Onboarding switches a location on when it is ready.' });
  lookForTwins(location, reader, { row: sheetRow.row, context });
  const { hours, holidays, services, ...rest } = location;
  return {
    ...rest,
    rowKey,
    franchiseCode,
    email,
    timezoneSource: isBlank(sheetRow.cells.timezone) ? 'place' : 'given',
    services: [...services],
    hours: hours && hours.map((spans) => spans.map(([opens, closes]): [number, number] => [opens, closes])),
    holidays: holidays && [...holidays],
  };
}

function readFilledEmail(
  location: Parameters<typeof fillEmail>[1],
  reader: RowReader<LocationColumn>,
  { given, hasColumn }: RowsContext,
): string | null {
  const email = given.emailRule ? fillEmail(given.emailRule, location) : null;
  if (email !== null) {
    reader.warn('email', { code: 'email_filled', message: `Filled by the e-mail rule: ${email}.`, suggestion: email });
  } else if (hasColumn('email') || given.emailRule) warnMissing(reader, 'email');
  return email;
}

/** A location known by name, address and postal code may come again under that key as its franchise code. */
function checkKey(found: {
  rowKey: string;
  location: Pick<LocationRow, 'franchiseCode'>;
  reader: RowReader<LocationColumn>;
  row: number;
  context: RowsContext;
}): void {
  const { rowKey, location, reader, row, context } = found;
  const duplicate = context.findRowKey(rowKey, row);
  if (duplicate) reader.fail('name', duplicate);
  else if (location.franchiseCode === null && context.hasColumn('franchiseCode')) warnMissing(reader, 'franchiseCode');
}

function warnMissing(reader: RowReader<LocationColumn>, key: keyof typeof ROW_WARNINGS): void {
  const { code, message } = ROW_WARNINGS[key];
  reader.warn(key, { code: `no_${code}`, message });
}

/** Units of one brand may share a name or a building; more often it is one location twice. */
function lookForTwins(
  { name, address, postalCode }: Pick<LocationRow, 'name' | 'address' | 'postalCode'>,
  reader: RowReader<LocationColumn>,
  { row, context }: { row: number; context: RowsContext },
): void {
  const sameName = context.findName(toComparable(name), row);
  if (sameName) reader.warn('name', { ...sameName, code: 'same_name' });
  const sameAddress = context.findAddress(`${toComparable(address)} ${postalCode}`, row);
  if (sameAddress) reader.warn('address', { ...sameAddress, code: 'same_address' });
}
