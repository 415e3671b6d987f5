import type { LocationColumn } from '../../locations/rules/location-columns.ts';
import type { OnboardingRow } from './onboarding-row.ts';

/** A location as it is stored. */
export interface StoredLocation {
  readonly id: string;
  readonly name: string;
  readonly franchiseCode: string;
  readonly ghlLocationId: string | null;
  readonly active: boolean;
  readonly address: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postalCode: string | null;
  readonly country: string;
  readonly coordinates: { readonly lng: number; readonly lat: number } | null;
  readonly geoConfidence: string | null;
  readonly phone: string | null;
  readonly email: string | null;
  readonly website: string | null;
  readonly timezone: string;
  readonly dailyCap: number | null;
  readonly region: string | null;
  readonly openingDate: string | null;
  readonly managerName: string | null;
  readonly managerEmail: string | null;
  readonly services: readonly string[];
  readonly hours: readonly (readonly (readonly [number, number])[])[] | null;
  readonly holidays: readonly string[];
  readonly conversionRate: number | null;
}

/** What a row would change of a location; `subAccount` and `active` are the run's own doing. */
export interface Change {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Fields that a file may leave out as a whole column: what is stored then stays. */
const COLUMN_OF = {
  phone: 'phone',
  email: 'email',
  website: 'website',
  dailyCap: 'dailyCap',
  region: 'region',
  openingDate: 'openingDate',
  managerName: 'managerName',
  managerEmail: 'managerEmail',
  services: 'specialties',
} as const satisfies Partial<Record<keyof OnboardingRow, LocationColumn>>;

const GEO_CONFIDENCES = ['rooftop', 'zip', 'city', 'state'] as const;

interface MergeContext {
  readonly hasColumn: (key: LocationColumn) => boolean;
  /** The row's e-mail is the rule's, not the file's. */
  readonly isEmailFilled: boolean;
}

/**
 * The row with what the file leaves out as it is stored, so that writing it whole loses nothing. Its sub-account stays as the file
 * has it, null being the one it has: planned again after its location was brought on, a row is the same row, and its steps replay.
 */
export function mergeStored(row: OnboardingRow, stored: StoredLocation, context: MergeContext): OnboardingRow {
  const kept: Partial<OnboardingRow> = {
    franchiseCode: stored.franchiseCode,
    ...keepColumns(stored, context.hasColumn),
    ...keepPoint(row, stored),
    ...keepTimezone(row, stored),
  };
  const keepsEmail = context.isEmailFilled && stored.email !== null;
  const email = keepsEmail ? stored.email : context.isEmailFilled ? row.email : undefined;
  return { ...row, ...kept, ...(email === undefined ? {} : { email }) };
}

function keepColumns(stored: StoredLocation, hasColumn: MergeContext['hasColumn']): Partial<OnboardingRow> {
  const absent = Object.entries(COLUMN_OF).filter(([, column]) => !hasColumn(column));
  const kept = Object.fromEntries(absent.map(([field]) => [field, stored[field as keyof typeof COLUMN_OF]]));
  return 'services' in kept ? { ...kept, services: [...stored.services] } : kept;
}

/** A point found for the same address stays where it is better known than the file's. */
function keepPoint(row: OnboardingRow, stored: StoredLocation): Partial<OnboardingRow> {
  const isSamePlace = (['address', 'city', 'state', 'postalCode'] as const).every((key) => row[key] === stored[key]);
  const confidence = GEO_CONFIDENCES.find((known) => known === stored.geoConfidence);
  if (!isSamePlace || !stored.coordinates || !confidence || row.geoConfidence === 'rooftop') return {};
  if (GEO_CONFIDENCES.indexOf(confidence) > GEO_CONFIDENCES.indexOf(row.geoConfidence)) return {};
  return { coordinates: stored.coordinates, geoConfidence: confidence };
}

/** What somebody has chosen is not overruled by what the place suggests. */
function keepTimezone(row: OnboardingRow, stored: StoredLocation): Partial<OnboardingRow> {
  const isChosen = row.timezoneSource === 'place' && row.state === stored.state;
  return isChosen ? { timezone: stored.timezone, timezoneSource: 'given' } : {};
}

const COMPARED = [
  'name',
  'address',
  'city',
  'state',
  'postalCode',
  'coordinates',
  'geoConfidence',
  'phone',
  'email',
  'website',
  'timezone',
  'dailyCap',
  'region',
  'openingDate',
  'managerName',
  'managerEmail',
  'services',
] as const;
/** Null leaves what is stored. */
const KEPT_WHEN_NULL = ['hours', 'holidays', 'conversionRate'] as const;

/** What bringing the row on would change; nothing for a location that is on already and equal in every field. */
export function findChanges(row: OnboardingRow, stored: StoredLocation): Change[] {
  const fields = [...COMPARED, ...KEPT_WHEN_NULL.filter((field) => row[field] !== null)];
  const changes: Change[] = fields
    .filter((field) => !isSame(row[field], stored[field]))
    .map((field) => ({ field, from: stored[field], to: row[field] }));
  if (stored.ghlLocationId === null) changes.push({ field: 'subAccount', from: null, to: row.ghlLocationId ?? 'new' });
  if (!stored.active) changes.push({ field: 'active', from: false, to: true });
  return changes;
}

/** Plain values and lists of them; points by their numbers, whatever the order of their keys. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
