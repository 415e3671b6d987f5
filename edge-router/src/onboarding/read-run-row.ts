import { invalidInput } from '../http/body.ts';
import type { ApiError, InputError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { OnboardingDeps } from './deps.ts';
import { onboardingRowSchema, type OnboardingRow } from './rules/onboarding-row.ts';
import { parseOnboardingRows } from './rules/onboarding-rows.ts';
import { toRowKey } from './rules/row-key.ts';

export interface ReadRow {
  readonly row: OnboardingRow;
  /** What was repaired, filled or guessed. */
  readonly warnings: readonly InputError[];
}

type Deps = Pick<OnboardingDeps, 'postalCodes' | 'nowMs'>;

/**
 * A location's row as people have it (the standard columns in any spelling), or as a plan answers it. Both go through the
 * checks of every import; each bad cell is named.
 */
export function readRunRow(deps: Deps, given: Readonly<Record<string, unknown>>): Result<ReadRow, ApiError> {
  return 'geoRegion' in given ? readPlannedRow(deps, given) : readSheetRow(deps, given);
}

function readSheetRow(deps: Deps, given: Readonly<Record<string, unknown>>): Result<ReadRow, ApiError> {
  const today = new Date(deps.nowMs()).toISOString().slice(0, 10);
  const parsed = parseOnboardingRows([given], { postalCodes: deps.postalCodes, today });
  const [first] = parsed.rows;
  const errors = [...parsed.errors, ...(first?.errors ?? [])];
  if (errors.length > 0 || !first?.input) return err(invalidInput(errors.map(toFieldError)));
  return ok({ row: first.input, warnings: [...parsed.warnings, ...first.warnings].map(toFieldError) });
}

/** A cell of a body with one row has no row number. */
function toFieldError({ column, value, code, message, suggestion }: InputError): InputError {
  const told = { code, message, ...(value === undefined ? {} : { value }), ...(suggestion ? { suggestion } : {}) };
  return { field: column === undefined ? 'row' : `row.${column}`, ...told };
}

function readPlannedRow(deps: Deps, given: Readonly<Record<string, unknown>>): Result<ReadRow, ApiError> {
  const parsed = onboardingRowSchema.strict().safeParse(given);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, code, message }) => ({
      field: ['row', ...path.map(String)].join('.'),
      code,
      message,
    }));
    return err(invalidInput(errors));
  }
  const row = parsed.data;
  const { name, franchiseCode, address, city, state, postalCode, phone, email, website, timezone } = row;
  const { dailyCap, region, openingDate, managerName, managerEmail, coordinates } = row;
  const texts = { name, franchiseCode, address, city, state, postalCode, phone, email, website, timezone };
  const checked = readSheetRow(deps, {
    ...texts,
    dailyCap,
    region,
    openingDate,
    managerName,
    managerEmail,
    coordinates,
  });
  if (!checked.ok) return checked;
  const isOwnKey = row.rowKey === toRowKey(row) || row.rowKey === toRowKey({ ...row, franchiseCode: null });
  if (isOwnKey) return ok({ row, warnings: [] });
  const message = 'This is not the key of this row; leave it out, or take the row as the plan answered it.';
  return err(invalidInput([{ field: 'row.rowKey', code: 'other_row_key', message }]));
}
