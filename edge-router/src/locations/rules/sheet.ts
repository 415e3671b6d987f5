/** A column of a file that people fill in. `key` is what JSON calls it, `heading` what a spreadsheet does. */
export interface Column<Key extends string> {
  readonly key: Key;
  readonly heading: string;
  readonly isRequired: boolean;
  /** Other headings it is known under; only suggested, never assumed. */
  readonly aliases: readonly string[];
}

/** One bad cell. `row` is the number a spreadsheet shows, where the header is row 1. */
export interface CellError {
  readonly row: number;
  readonly column: string;
  /** As it was given, cut to 100 characters. */
  readonly value: string;
  readonly code: string;
  readonly message: string;
  /** What to put there instead; only where that is safe to say. */
  readonly suggestion?: string;
}

export interface SheetRow<Key extends string> {
  readonly row: number;
  readonly cells: Readonly<Partial<Record<Key, unknown>>>;
  /** Why its cells cannot be trusted to stand in their columns; such a row is not read. */
  readonly fault?: CellError;
}

/** Rows by column; blank ones and repeated headers are left out but counted. A fault of the file or its header leaves no rows. */
export interface Sheet<Key extends string> {
  /** Those that it has. */
  readonly columns: readonly Key[];
  readonly rows: readonly SheetRow<Key>[];
  readonly unknownColumns: readonly string[];
  /** Of the file or its header. */
  readonly errors: readonly CellError[];
  readonly warnings: readonly CellError[];
}

export interface SheetOptions<Key extends string> {
  readonly columns: readonly Column<Key>[];
  readonly maxRows: number;
  /** Headings of this file, each with the standard heading it stands for. */
  readonly mapping?: Readonly<Record<string, string>> | undefined;
}

/** What a spreadsheet's cell can hold. */
export const MAX_CELL_LENGTH = 32_767;
const MAX_VALUE_SHOWN = 100;

export function describeCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : describeValue(value);
  // Cut in the middle of a pair, half a letter would be left, which no database takes.
  return text.length > MAX_VALUE_SHOWN ? `${text.slice(0, MAX_VALUE_SHOWN - 1).toWellFormed()}…` : text;
}

/** Of lists in lists beyond what can be written only that it is a list. */
function describeValue(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return Array.isArray(value) ? '[…]' : '{…}';
  }
}

export function isBlank(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
}

/** What two ways to write a heading have in common: 'Zip Code', 'zip_code' and 'zipCode'. */
export function toHeadingKey(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

export type FindColumn<Key extends string> = (heading: string) => Column<Key> | null;

/** Finds the column a heading stands for: by the mapping, else by its heading or key in any spelling. */
export function createColumnFinder<Key extends string>(options: SheetOptions<Key>): FindColumn<Key> {
  const columns = new Map<string, Column<Key>>();
  for (const column of options.columns) {
    columns.set(toHeadingKey(column.key), column);
    columns.set(toHeadingKey(column.heading), column);
  }
  const mapping = new Map(Object.entries(options.mapping ?? {}));
  return (heading) => columns.get(toHeadingKey(mapping.get(heading.trim()) ?? heading)) ?? null;
}

/** Errors of the header: columns that have to be there and are not, or are there twice. */
export function checkHeader<Key extends string>(
  found: readonly Column<Key>[],
  columns: readonly Column<Key>[],
): CellError[] {
  const missing = columns.filter((column) => column.isRequired && !found.includes(column));
  const doubled = columns.filter((column) => found.filter((other) => other === column).length > 1);
  return [
    ...missing.map(({ heading }) => headerError(heading, 'missing_column', `The column ${heading} is missing.`)),
    ...doubled.map(({ heading }) => headerError(heading, 'duplicate_column', `Two columns are ${heading}.`)),
  ];
}

export function headerError(column: string, code: string, message: string): CellError {
  return { row: 1, column, value: '', code, message };
}

export function failSheet<Key extends string>(
  errors: readonly CellError[],
  unknownColumns: readonly string[] = [],
): Sheet<Key> {
  return { columns: [], rows: [], unknownColumns, errors, warnings: [] };
}

/** Reads rows of JSON objects as if they were a spreadsheet: the first is row 2. Keys may be headings, too. */
export function readJsonSheet<Key extends string>(
  rows: readonly Readonly<Record<string, unknown>>[],
  options: SheetOptions<Key>,
): Sheet<Key> {
  if (rows.length > options.maxRows) return failSheet([tooManyRows(options.maxRows)]);
  const findColumn = createColumnFinder(options);
  const columnsByName = new Map<string, Column<Key> | null>();
  const read = rows.map((fields, index) => {
    const cells: Partial<Record<Key, unknown>> = {};
    for (const [name, value] of Object.entries(fields)) {
      const known = columnsByName.get(name);
      const column = known === undefined ? findColumn(name) : known;
      if (known === undefined && columnsByName.size < MAX_COLUMNS) columnsByName.set(name, column);
      if (column && isBlank(cells[column.key])) cells[column.key] = value;
    }
    return { row: index + 2, cells };
  });
  const found = new Set([...columnsByName.values()].filter((column) => column !== null));
  const errors = rows.length === 0 ? [emptySheet()] : checkHeader([...found], options.columns);
  const unknownColumns = [...columnsByName].filter(([, column]) => column === null).map(([name]) => name);
  if (errors.length > 0) return failSheet(errors, unknownColumns);
  const columns = [...found].map(({ key }) => key);
  return { columns, rows: dropBlankRows(read), unknownColumns, errors, warnings: [] };
}

/** More columns than any file of ours has; what comes after is not looked at. */
export const MAX_COLUMNS = 200;

export function tooManyRows(maxRows: number): CellError {
  const most = maxRows.toLocaleString('en-US');
  return headerError('', 'too_many_rows', `A file has at most ${most} rows: send a larger one in parts.`);
}

export function emptySheet(): CellError {
  return headerError('', 'empty', 'There are no rows.');
}

export function dropBlankRows<Key extends string>(rows: readonly SheetRow<Key>[]): SheetRow<Key>[] {
  return rows.filter(({ cells }) => Object.values(cells).some((value) => !isBlank(value)));
}
