import { readCsvHeadings } from '../../locations/rules/csv-sheet.ts';
import { columnMappingFor, locationColumns } from '../../locations/rules/location-columns.ts';
import {
  createColumnFinder,
  describeCell,
  headerError,
  MAX_COLUMNS,
  toHeadingKey,
  type CellError,
} from '../../locations/rules/sheet.ts';

/** Heading of a file -> standard heading. */
export type Mapping = Readonly<Record<string, string>>;

export interface ChosenMapping {
  /** `standard`: the file has the standard headings, in any spelling. */
  readonly source: 'given' | 'suggested' | 'standard';
  readonly columns: Mapping;
}

const ROWS_LOOKED_AT = 100;

/** A given mapping as it is, else one suggested by name where that reads more of the file than the standard headings do. */
export function chooseMapping(headings: readonly string[], given: Mapping | null): ChosenMapping {
  if (given) return { source: 'given', columns: given };
  const { mapping } = columnMappingFor(headings.slice(0, MAX_COLUMNS));
  const others = Object.entries(mapping).filter(([heading, column]) => toHeadingKey(heading) !== toHeadingKey(column));
  const isKey = createColumnFinder({ columns: locationColumns, maxRows: 0 });
  const columns = Object.fromEntries(others.filter(([heading]) => isKey(heading) === null));
  return { source: Object.keys(columns).length > 0 ? 'suggested' : 'standard', columns };
}

/** What a suggestion took each heading for; it is to be looked at before anything is done with the rows. */
export function warnOfSuggestion({ source, columns }: ChosenMapping): CellError[] {
  if (source !== 'suggested') return [];
  return Object.entries(columns).map(([heading, column]) => ({
    ...headerError(describeCell(heading), 'heading_mapped', `Read as ${column}.`),
    suggestion: column,
  }));
}

/** Standard headings that a mapping names and that do not exist. */
export function findUnknownTargets(mapping: Mapping): string[] {
  const findColumn = createColumnFinder({ columns: locationColumns, maxRows: 0 });
  return Object.values(mapping).filter((heading) => findColumn(heading) === null);
}

export function readHeadings(table: TableToMap): readonly string[] {
  if (table.kind === 'csv') return readCsvHeadings(table.text);
  return [...new Set(table.rows.slice(0, ROWS_LOOKED_AT).flatMap((row) => Object.keys(row)))];
}

type TableToMap =
  | { readonly kind: 'csv'; readonly text: string }
  | { readonly kind: 'rows'; readonly rows: readonly Readonly<Record<string, unknown>>[] };
