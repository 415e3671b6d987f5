import type { LocationColumn } from '../../locations/rules/location-columns.ts';
import { writeErrorsCsv, type BadRow } from './errors-csv.ts';
import type { OnboardingRow } from './onboarding-row.ts';

export interface FailedRow {
  readonly row: OnboardingRow;
  readonly error: Readonly<Record<string, unknown>>;
}

const columns: readonly LocationColumn[] = [
  'name',
  'address',
  'city',
  'state',
  'postalCode',
  'phone',
  'email',
  'website',
  'timezone',
  'dailyCap',
  'region',
  'franchiseCode',
  'openingDate',
  'managerName',
  'managerEmail',
  'specialties',
  'latitude',
  'longitude',
  'ghlLocationId',
];

/** Fields of a row that are columns of the same name. */
const shared: ReadonlySet<string> = new Set(columns);

/** Rows that failed at HighLevel in the standard columns, with an `errors` column: to be put right and sent again. */
export function writeFailedRowsCsv(rows: readonly FailedRow[]): string {
  return writeErrorsCsv(
    rows.map(({ row, error }) => ({ cells: toCells(row), errors: [toError(error)] })),
    columns,
  );
}

/** A point that is not the file's own is left out: it is found again. */
function toCells({ coordinates, geoConfidence, services, ...row }: OnboardingRow): BadRow['cells'] {
  const point = geoConfidence === 'rooftop' ? { latitude: coordinates.lat, longitude: coordinates.lng } : {};
  const own = Object.fromEntries(Object.entries(row).filter(([field]) => shared.has(field)));
  return { ...own, specialties: services, ...point };
}

function toError(error: FailedRow['error']): BadRow['errors'][number] {
  const text = (name: string): string => (typeof error[name] === 'string' ? error[name] : '');
  return { column: text('step'), message: `${text('detail')} ${text('action')}`.trim() };
}
