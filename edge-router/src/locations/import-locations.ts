import { upsertLocations } from '../../../db/queries/upsert-locations.ts';
import type { AppDeps } from '../deps.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError, InputError } from '../http/problem.ts';
import type { Table } from '../http/table-body.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { DirectoryHolder } from './directory-holder.ts';
import { parseLocationCsv, parseLocationRows, type LocationRowsResult } from './rules/location-rows.ts';
import { describeCell } from './rules/sheet.ts';

const MAX_WARNINGS_SHOWN = 500;

export interface ImportLocationsAnswer {
  readonly total: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  /** What was left out, repaired, guessed or could not be checked, cell by cell; at most 500. */
  readonly warnings: readonly InputError[];
}

/**
 * Checks every cell, then upserts all rows by franchise code in one call, or none. The directory is brought up to date
 * before the answer, so the next lead can go to a location just imported.
 */
export async function importLocations(
  deps: Pick<AppDeps, 'database' | 'postalCodes' | 'nowMs' | 'log'> & { readonly directory: DirectoryHolder },
  table: Table,
): Promise<Result<ImportLocationsAnswer, ApiError>> {
  const context = { postalCodes: deps.postalCodes, today: new Date(deps.nowMs()).toISOString().slice(0, 10) };
  const parsed: LocationRowsResult =
    table.kind === 'csv' ? parseLocationCsv(table.text, context) : parseLocationRows(table.rows, context);
  if (parsed.errors.length > 0) return err(invalidInput(parsed.errors));
  const upserted = await upsertLocations(deps.database, parsed.locations);
  if (upserted.kind === 'sub_account_taken') {
    const errors = upserted.contested.map((franchiseCodes) => ({
      column: 'Sub-account Id',
      value: franchiseCodes.join(', '),
      code: 'sub_account_taken',
      message: 'These locations would have the same sub-account',
    }));
    return err({ kind: 'conflict', detail: 'A sub-account belongs to one location. Nothing was written.', errors });
  }
  await refreshDirectory(deps);
  const { created, updated, unchanged } = upserted;
  return ok({ total: parsed.locations.length, created, updated, unchanged, warnings: listWarnings(parsed) });
}

/** Columns that were left out come first: a misspelt heading leaves every one of its cells out. */
export function listWarnings(parsed: {
  readonly warnings: readonly InputError[];
  readonly unknownColumns: readonly string[];
}): InputError[] {
  const leftOut = parsed.unknownColumns.map((heading) => ({
    row: 1,
    column: describeCell(heading),
    code: 'unknown_column',
    message: 'This column is not known and was left out.',
  }));
  return [...leftOut, ...parsed.warnings].slice(0, MAX_WARNINGS_SHOWN);
}

/** The rows are stored whatever becomes of this: an isolate that could not refresh now does so with its next check. */
export async function refreshDirectory(
  deps: Pick<AppDeps, 'log'> & { readonly directory: DirectoryHolder },
): Promise<void> {
  try {
    await deps.directory.refreshNow();
  } catch (error) {
    deps.log({ event: 'directory_refresh_failed', error });
  }
}
