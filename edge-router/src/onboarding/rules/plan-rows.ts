import type { LocationColumn } from '../../locations/rules/location-columns.ts';
import { MAX_CELL_LENGTH, type CellError } from '../../locations/rules/sheet.ts';
import { findChanges, mergeStored, type Change, type StoredLocation } from './compare-location.ts';
import type { OnboardingRow } from './onboarding-row.ts';
import type { OnboardingRowsResult, ReadOnboardingRow } from './onboarding-rows.ts';
import { toComparable } from './row-key.ts';

export type PlanAction = 'create' | 'update' | 'skip' | 'invalid';

/** One row of a plan: what is to be done for it, if anything. */
export interface PlannedRow {
  /** As a spreadsheet shows it. */
  readonly row: number;
  /** Null where not even that is known. */
  readonly rowKey: string | null;
  readonly action: PlanAction;
  /** Of the location that the row is about, where it exists. */
  readonly locationId: string | null;
  /** Whether a sub-account is to be made, an existing one taken over, or the location's own kept; null for an invalid row. */
  readonly subAccount: 'create' | 'adopt' | 'keep' | null;
  /** Null for an invalid row. Of a location that exists, what the file leaves out is as stored. */
  readonly input: OnboardingRow | null;
  /** The row as it came; null where it is good. */
  readonly cells: ReadOnboardingRow['cells'] | null;
  readonly changes: readonly Change[];
  readonly errors: readonly CellError[];
  readonly warnings: readonly CellError[];
}

/** A location that exists, as far as twins are looked for. */
export type StoredPlace = Pick<StoredLocation, 'franchiseCode' | 'name' | 'address' | 'postalCode'>;

export interface Stored {
  /** Those that have a row's franchise code or sub-account. */
  readonly locations: readonly StoredLocation[];
  /** Those in the postal codes of the rows. */
  readonly places: readonly StoredPlace[];
}

interface StoredIndex {
  readonly byKey: ReadonlyMap<string, StoredLocation>;
  readonly bySubAccount: ReadonlyMap<string, StoredLocation>;
  readonly placesByAddress: ReadonlyMap<string, StoredPlace>;
}

/** Compares the rows of a file with what exists. Pure: the same file and the same locations give the same plan. */
export function planRows(file: Pick<OnboardingRowsResult, 'rows' | 'columns'>, stored: Stored): PlannedRow[] {
  const index = indexStored(stored);
  const hasColumn = (key: LocationColumn): boolean => columns.has(key);
  const columns = new Set(file.columns);
  return file.rows.map((row) =>
    row.input ? planRow(row, row.input, { index, hasColumn }) : rejectRow(row, row.errors),
  );
}

function indexStored({ locations, places }: Stored): StoredIndex {
  return {
    byKey: new Map(locations.map((location) => [location.franchiseCode.toLowerCase(), location])),
    bySubAccount: new Map(
      locations.flatMap((location) => (location.ghlLocationId ? [[location.ghlLocationId, location] as const] : [])),
    ),
    placesByAddress: new Map(places.map((place) => [toAddressKey(place), place])),
  };
}

function toAddressKey({ address, postalCode }: Pick<StoredPlace, 'address' | 'postalCode'>): string {
  return `${toComparable(address ?? '')} ${postalCode}`;
}

function rejectRow(row: ReadOnboardingRow, errors: readonly CellError[]): PlannedRow {
  const { franchiseCode } = row.cells;
  const rowKey = row.input?.rowKey ?? (typeof franchiseCode === 'string' ? franchiseCode.trim().toLowerCase() : null);
  return {
    row: row.row,
    rowKey: rowKey === '' ? null : (rowKey?.slice(0, 64).toWellFormed() ?? null),
    action: 'invalid',
    locationId: null,
    subAccount: null,
    input: null,
    cells: cutCells(row.cells),
    changes: [],
    errors,
    warnings: row.warnings,
  };
}

/** A cell of megabytes is given back cut to what a spreadsheet's cell can hold. */
function cutCells(cells: ReadOnboardingRow['cells']): ReadOnboardingRow['cells'] {
  return Object.fromEntries(
    Object.entries(cells).map(([key, value]) => [
      key,
      typeof value === 'string' && value.length > MAX_CELL_LENGTH
        ? `${value.slice(0, MAX_CELL_LENGTH - 1).toWellFormed()}…`
        : value,
    ]),
  );
}

function planRow(
  row: ReadOnboardingRow,
  given: OnboardingRow,
  { index, hasColumn }: { index: StoredIndex; hasColumn: (key: LocationColumn) => boolean },
): PlannedRow {
  const found = index.byKey.get(given.rowKey) ?? null;
  const contested = checkSubAccount(row.row, given, { found, index });
  if (contested) return rejectRow(row, [contested]);
  const isFilled = row.warnings.some(({ code }) => code === 'email_filled');
  const merged = found && mergeStored(given, found, { hasColumn, isEmailFilled: isFilled });
  const input = merged ?? given;
  const warnings = row.warnings.filter(({ code }) => code !== 'email_filled' || input.email === given.email);
  const twin = found ? null : warnOfTwin(row.row, given, index);
  const changes = found ? findChanges(input, found) : [];
  return {
    row: row.row,
    rowKey: input.rowKey,
    action: found === null ? 'create' : changes.length > 0 ? 'update' : 'skip',
    locationId: found?.id ?? null,
    subAccount: found?.ghlLocationId ? 'keep' : input.ghlLocationId === null ? 'create' : 'adopt',
    input,
    cells: null,
    changes,
    errors: [],
    warnings: twin ? [...warnings, twin] : warnings,
  };
}

/** A sub-account belongs to one location, for good. */
function checkSubAccount(
  row: number,
  { ghlLocationId }: OnboardingRow,
  { found, index }: { found: StoredLocation | null; index: StoredIndex },
): CellError | null {
  if (ghlLocationId === null || ghlLocationId === found?.ghlLocationId) return null;
  const cell = { row, column: 'Sub-account Id', value: ghlLocationId };
  const owner = index.bySubAccount.get(ghlLocationId);
  if (owner) {
    return { ...cell, code: 'sub_account_taken', message: `Location ${owner.franchiseCode} has this sub-account.` };
  }
  if (!found?.ghlLocationId) return null;
  const message = 'This location has another sub-account, and keeps it.';
  return { ...cell, code: 'other_sub_account', message, suggestion: found.ghlLocationId };
}

function warnOfTwin(row: number, input: OnboardingRow, { placesByAddress }: StoredIndex): CellError | null {
  const twin = placesByAddress.get(toAddressKey(input));
  if (!twin) return null;
  const message = `Location ${twin.franchiseCode} (${twin.name}) exists at this address.`;
  return { row, column: 'Address', value: input.address, code: 'exists_at_address', message };
}
