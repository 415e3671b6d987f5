import { locationColumns, type LocationColumn } from '../../locations/rules/location-columns.ts';
import { writeCsv } from './csv-text.ts';

export interface BadRow {
  readonly cells: Readonly<Partial<Record<LocationColumn, unknown>>>;
  readonly errors: readonly {
    readonly column: string;
    readonly message: string;
    readonly suggestion?: string | undefined;
  }[];
}

/**
 * Bad rows with an `errors` column, in the standard headings, ready to be put right and sent again: what was left of the
 * file in other columns is not in it.
 */
export function writeErrorsCsv(rows: readonly BadRow[], columns: readonly LocationColumn[]): string {
  const used = locationColumns.filter(({ key }) => columns.includes(key));
  const header = [...used.map(({ heading }) => heading), 'errors'];
  const lines = rows.map(({ cells, errors }) => [
    ...used.map(({ key }) => toText(cells[key])),
    errors.map(describeError).join(' | '),
  ]);
  return writeCsv([header, ...lines]);
}

function describeError({ column, message, suggestion }: BadRow['errors'][number]): string {
  const where = column === '' ? '' : `${column}: `;
  return `${where}${message}${suggestion === undefined ? '' : ` Did you mean ${suggestion}?`}`;
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(toText).join('; ');
  return JSON.stringify(value);
}
