import { err } from '../../rules/result.ts';
import { readCellText, type CellFault, type CellResult } from './location-cells.ts';
import { describeCell, isBlank, MAX_CELL_LENGTH, type CellError, type Column, type SheetRow } from './sheet.ts';

/** Reads one row's cells and keeps what is wrong with them, so that every bad cell is known at once. */
export interface RowReader<Key extends string> {
  readonly errors: readonly CellError[];
  readonly warnings: readonly CellError[];
  /** A cell's text; null for blank, which is an error where the column is required. */
  read<T>(key: Key, readText: (text: string) => CellResult<T>): T | null;
  /** For cells that need not be text. */
  readValue<T>(key: Key, readValue: (value: unknown) => CellResult<T>): T | null;
  fail(key: Key, fault: CellFault): void;
  warn(key: Key, fault: CellFault): void;
}

/** Takes off the apostrophe that keeps a text from being run as a formula: the files we write have it. */
function dropApostrophe(value: unknown): unknown {
  return typeof value === 'string' && /^'(?:\s*[=+\-@＝＋－＠]|[\t\r\n])/.test(value) ? value.slice(1) : value;
}

/** What whoever read bytes in another encoding than theirs puts for a letter. */
const LOST_LETTER = '\uFFFD';

/** Before any rule looks at it: a cell of megabytes costs nothing, and a formula's text is nobody's name. */
function checkCell(value: unknown): CellFault | null {
  if (typeof value !== 'string') return null;
  if (value.length > MAX_CELL_LENGTH) {
    return { code: 'too_long', message: `A cell has at most ${MAX_CELL_LENGTH.toLocaleString('en-US')} characters.` };
  }
  if (value.includes(LOST_LETTER)) {
    return {
      code: 'lost_letter',
      message: 'A letter was lost before this came here: send the file itself, or as CSV UTF-8.',
    };
  }
  return /^\s*=/.test(value) ? { code: 'formula', message: 'This is a formula: write its result as a value.' } : null;
}

/** `columns` by key, since it is asked for every cell of every row. */
export function createRowReader<Key extends string>(
  { row, cells }: SheetRow<Key>,
  columns: ReadonlyMap<Key, Column<Key>>,
): RowReader<Key> {
  const errors: CellError[] = [];
  const warnings: CellError[] = [];
  const describe = (key: Key, fault: CellFault): CellError => {
    const column = columns.get(key)?.heading ?? key;
    return { row, column, value: describeCell(cells[key]), ...fault };
  };
  const settle = <T>(key: Key, result: CellResult<T>): T | null => {
    if (result.ok) return result.value;
    errors.push(describe(key, result.error));
    return null;
  };
  const settleCell = <T>(key: Key, readValue: (value: unknown) => CellResult<T>): T | null => {
    const value = dropApostrophe(cells[key]);
    const found = checkCell(value);
    return settle(key, found ? err(found) : readValue(value));
  };
  const checkBlank = (key: Key): void => {
    const column = columns.get(key);
    if (column?.isRequired) errors.push(describe(key, { code: 'missing', message: `${column.heading} is missing.` }));
  };
  return {
    errors,
    warnings,
    read(key, readText) {
      const text = settleCell(key, readCellText);
      if (text !== null) return settle(key, readText(text));
      if (isBlank(cells[key])) checkBlank(key);
      return null;
    },
    readValue(key, readValue) {
      if (!isBlank(cells[key])) return settleCell(key, readValue);
      checkBlank(key);
      return null;
    },
    fail: (key, fault) => errors.push(describe(key, fault)),
    warn: (key, fault) => warnings.push(describe(key, fault)),
  };
}

export type FindDuplicate = (text: string, row: number) => CellFault | null;

/** Finds texts met before, whatever their case; the first row keeps its own. */
export function createDuplicateFinder(what: string): FindDuplicate {
  const rowsByText = new Map<string, number>();
  return (text, row) => {
    const key = text.toLowerCase();
    const firstRow = rowsByText.get(key);
    if (firstRow === undefined) rowsByText.set(key, row);
    return firstRow === undefined ? null : { code: 'duplicate', message: `This ${what} is also on row ${firstRow}.` };
  };
}
