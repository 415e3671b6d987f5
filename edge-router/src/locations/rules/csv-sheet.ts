import { CsvError, parse } from 'csv-parse/sync';

import { err, ok, type Result } from '../../rules/result.ts';
import {
  checkHeader,
  createColumnFinder,
  dropBlankRows,
  emptySheet,
  failSheet,
  headerError,
  isBlank,
  MAX_COLUMNS,
  tooManyRows,
  type CellError,
  type Column,
  type Sheet,
  type SheetOptions,
  type SheetRow,
} from './sheet.ts';

/** What is looked at for a header: 200 headings of as many letters as anybody writes. */
const MAX_HEADER_LENGTH = 65_536;
const DELIMITERS = [',', ';', '\t', '|'] as const;

/**
 * Reads a CSV as spreadsheets write them: with or without a byte order mark, any line ends, cells over several lines,
 * separated by comma, semicolon, tab or bar. A row with more cells than headings has a fault of its own; a header that is
 * repeated, as where files were joined, is left out with a warning.
 */
export function readCsvSheet<Key extends string>(text: string, options: SheetOptions<Key>): Sheet<Key> {
  const records = readRecords(text, options.maxRows);
  if (!records.ok) return failSheet([records.error]);
  const [headings = [], ...lines] = records.value;
  if (lines.length > options.maxRows) return failSheet([tooManyRows(options.maxRows)]);
  if (headings.length > MAX_COLUMNS)
    return failSheet([headerError('', 'too_many_columns', 'There are too many columns.')]);
  const columns = headings.map(createColumnFinder(options));
  const unknownColumns = headings.filter((heading, i) => columns[i] === null && heading.trim() !== '');
  const found = columns.filter((column) => column !== null);
  const headerErrors = checkHeader(found, options.columns);
  if (headerErrors.length > 0) return failSheet(headerErrors, unknownColumns);
  const { rows, warnings } = toRows(lines, { headings, columns });
  return rows.length === 0
    ? failSheet([emptySheet()], unknownColumns)
    : { columns: found.map(({ key }) => key), rows, unknownColumns, errors: [], warnings };
}

/** The header's cells, to suggest a mapping for; none of a file that cannot be read, which `readCsvSheet` says best. */
export function readCsvHeadings(text: string): readonly string[] {
  const records = readRecords(text.slice(0, MAX_HEADER_LENGTH), -1);
  return records.ok ? (records.value[0] ?? []) : [];
}

function toRows<Key extends string>(
  lines: readonly string[][],
  { headings, columns }: { headings: readonly string[]; columns: readonly (Column<Key> | null)[] },
): { rows: SheetRow<Key>[]; warnings: CellError[] } {
  const rows: SheetRow<Key>[] = [];
  const warnings: CellError[] = [];
  lines.forEach((line, index) => {
    const row = index + 2;
    const cells = toCells(line, columns);
    if (isSameLine(line, headings)) warnings.push(repeatedHeader(row));
    else if (line.slice(columns.length).every(isBlank)) rows.push({ row, cells });
    else rows.push({ row, cells, fault: tooManyCells(row) });
  });
  return { rows: dropBlankRows(rows), warnings };
}

function isSameLine(line: readonly string[], headings: readonly string[]): boolean {
  return line.length === headings.length && line.every((cell, i) => cell === headings[i]);
}

function repeatedHeader(row: number): CellError {
  return { row, column: '', value: '', code: 'repeated_header', message: 'This row repeats the header: left out.' };
}

function toCells<Key extends string>(
  line: readonly string[],
  columns: readonly (Column<Key> | null)[],
): Partial<Record<Key, unknown>> {
  const cells: Partial<Record<Key, unknown>> = {};
  columns.forEach((column, i) => {
    if (column) cells[column.key] = line[i];
  });
  return cells;
}

function tooManyCells(row: number): CellError {
  const message = 'This row has more cells than the header: a value with a comma has to stand in quotes.';
  return { row, column: '', value: '', code: 'too_many_cells', message };
}

function readRecords(text: string, maxRows: number): Result<string[][], CellError> {
  if (text.startsWith('PK\u0003\u0004') || text.includes('\u0000')) {
    return err(headerError('', 'not_csv', 'This is not a CSV file: save the sheet as CSV UTF-8 and send that.'));
  }
  // Excel may begin a file with the separator it used; the line is not shown as a row.
  const body = text.replace(/^\uFEFF/, '').replace(/^sep=.\r?\n/i, '');
  if (body.trim() === '') return err(emptySheet());
  try {
    return ok(
      parse(body, {
        delimiter: detectDelimiter(body),
        record_delimiter: ['\r\n', '\n', '\r'],
        relax_column_count: true,
        relax_quotes: true,
        trim: true,
        to: maxRows + 2,
      }),
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return err(toCellError(error));
  }
}

function toCellError(error: CsvError): CellError {
  const records: unknown = error['records'];
  const row = typeof records === 'number' ? records + 1 : 1;
  const isQuote = error.code === 'CSV_QUOTE_NOT_CLOSED';
  const message = isQuote ? 'A quote is opened here or later and never closed.' : 'The file cannot be read as CSV.';
  return { row, column: '', value: '', code: isQuote ? 'quote_not_closed' : 'not_csv', message };
}

/** The separator that the header has most of, outside quotes. */
function detectDelimiter(text: string): string {
  const header = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(text)?.[0].replaceAll(/"(?:[^"]|"")*"/g, '') ?? '';
  const count = (delimiter: string) => header.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}
