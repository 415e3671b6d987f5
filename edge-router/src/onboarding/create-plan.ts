import { findMapping } from '../../../db/queries/find-mapping.ts';
import { findPlan } from '../../../db/queries/find-plan.ts';
import { readPlaces } from '../../../db/queries/read-places.ts';
import { readStoredLocations } from '../../../db/queries/read-stored-locations.ts';
import { storePlan } from '../../../db/queries/store-plan.ts';
import type { AppDeps } from '../deps.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { GEOCODING_LEASE_SECONDS } from './geocoding-message.ts';
import type { PlanRequest } from './plan-request.ts';
import {
  chooseMapping,
  findUnknownTargets,
  readHeadings,
  warnOfSuggestion,
  type ChosenMapping,
  type Mapping,
} from './rules/choose-mapping.ts';
import { isGeocodable } from './rules/merge-geocode.ts';
import type { OnboardingRow } from './rules/onboarding-row.ts';
import { parseOnboardingCsv, parseOnboardingRows, type OnboardingRowsResult } from './rules/onboarding-rows.ts';
import { planRows, type PlannedRow, type Stored } from './rules/plan-rows.ts';
import { isRunnable, summarisePlan } from './rules/summarise-plan.ts';
import { showPlan, type ShownPlan } from './shown-plan.ts';

const PLAN_KEPT_DAYS = 7;
const MAX_PLACES = 50_000;

type PlanDeps = Pick<AppDeps, 'database' | 'postalCodes' | 'nowMs' | 'newId'>;

/**
 * Checks a file cell by cell, compares it with what exists and stores what would be done; nothing but the plan is written.
 * @returns `invalid_input` for a file that cannot be read at all, or a mapping that does not exist or names no column
 */
export async function createPlan(deps: PlanDeps, request: PlanRequest): Promise<Result<ShownPlan, ApiError>> {
  const saved = request.mapping === undefined ? null : await findMapping(deps.database, request.mapping);
  const given: Mapping | null = request.columns ?? saved?.columns ?? null;
  const faults = checkMapping(request, { isKnown: saved !== null, given });
  if (faults) return err(faults);
  const mapping = chooseMapping(readHeadings(request.table), given);
  const file = readTable(deps, request, { mapping, emailRule: request.emailRule ?? saved?.emailRule ?? null });
  if (file.errors.length > 0) return err(invalidInput(file.errors));
  const rows = planRows(file, await readStored(deps, file));
  const summary = summarisePlan({
    rows,
    mapping: { ...mapping, name: saved?.name ?? null },
    columns: file.columns,
    unknownColumns: file.unknownColumns,
    fileWarnings: [...warnOfSuggestion(mapping), ...file.warnings],
  });
  const id = deps.newId();
  await storePlan(deps.database, {
    id,
    onInvalid: request.onInvalid,
    runnable: isRunnable(summary, request.onInvalid),
    summary,
    keptDays: PLAN_KEPT_DAYS,
    geocodingDueSeconds: GEOCODING_LEASE_SECONDS,
    rows: rows.map((row) => ({ ...row, geocoding: isToGeocode(row) ? 'pending' : null })),
  });
  const stored = await findPlan(deps.database, id);
  if (!stored) throw new Error('a plan that was stored is not there');
  return ok(showPlan(stored));
}

function checkMapping(
  { mapping }: PlanRequest,
  { isKnown, given }: { isKnown: boolean; given: Mapping | null },
): ApiError | null {
  if (mapping !== undefined && !isKnown) {
    const message = 'There is no saved mapping of this name';
    return invalidInput([{ field: 'mapping', value: mapping, code: 'unknown_mapping', message }]);
  }
  const unknown = given ? findUnknownTargets(given) : [];
  return unknown.length === 0 ? null : invalidInput(unknown.map(describeUnknownTarget));
}

export function describeUnknownTarget(heading: string) {
  return { field: 'columns', value: heading, code: 'unknown_column', message: 'This is no standard heading' };
}

function readTable(
  deps: PlanDeps,
  { table, isEncodingGuessed }: PlanRequest,
  { mapping, emailRule }: { mapping: ChosenMapping; emailRule: string | null },
): OnboardingRowsResult {
  const context = {
    postalCodes: deps.postalCodes,
    today: new Date(deps.nowMs()).toISOString().slice(0, 10),
    mapping: mapping.columns,
    emailRule,
    isEncodingGuessed,
  };
  return table.kind === 'csv' ? parseOnboardingCsv(table.text, context) : parseOnboardingRows(table.rows, context);
}

async function readStored({ database }: PlanDeps, { rows }: OnboardingRowsResult): Promise<Stored> {
  const inputs = rows.flatMap(({ input }): OnboardingRow[] => (input ? [input] : []));
  if (inputs.length === 0) return { locations: [], places: [] };
  const [locations, places] = await Promise.all([
    readStoredLocations(database, {
      franchiseCodes: inputs.map(({ rowKey }) => rowKey),
      ghlLocationIds: inputs.flatMap(({ ghlLocationId }) => ghlLocationId ?? []),
    }),
    readPlaces(database, {
      postalCodes: [...new Set(inputs.map(({ postalCode }) => postalCode))],
      limit: MAX_PLACES,
    }),
  ]);
  return { locations, places };
}

function isToGeocode({ action, input }: PlannedRow): boolean {
  return (action === 'create' || action === 'update') && input !== null && isGeocodable(input);
}
