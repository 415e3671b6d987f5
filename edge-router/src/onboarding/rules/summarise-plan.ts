import type { LocationColumn } from '../../locations/rules/location-columns.ts';
import { describeCell, type CellError } from '../../locations/rules/sheet.ts';
import type { ChosenMapping } from './choose-mapping.ts';
import { estimateOnboarding, type Estimate } from './estimate.ts';
import type { PlanAction, PlannedRow } from './plan-rows.ts';

const MAX_SHOWN = 500;
/** Rows that call HighLevel at once, unless a batch says otherwise. */
const ACTIVE_ROWS = 5;

/** What a plan says besides its rows. */
export interface PlanSummary {
  readonly counts: Readonly<Record<PlanAction | 'total', number>>;
  readonly estimate: Estimate;
  readonly mapping: {
    readonly name: string | null;
    readonly source: string;
    readonly columns: ChosenMapping['columns'];
  };
  /** Those of the standard ones that the file has. */
  readonly columns: readonly LocationColumn[];
  readonly unknownColumns: readonly string[];
  /** In the file's order, at most 500; the rows have all of theirs. */
  readonly errors: readonly CellError[];
  readonly errorsOmitted: number;
  readonly warnings: readonly CellError[];
  readonly warningsOmitted: number;
  /** All of them, by code. */
  readonly warningCounts: Readonly<Record<string, number>>;
}

export interface PlanParts {
  readonly rows: readonly PlannedRow[];
  readonly mapping: PlanSummary['mapping'];
  readonly columns: readonly LocationColumn[];
  readonly unknownColumns: readonly string[];
  /** Of the file as a whole. */
  readonly fileWarnings: readonly CellError[];
}

export function summarisePlan({ rows, mapping, columns, unknownColumns, fileWarnings }: PlanParts): PlanSummary {
  const errors = rows.flatMap((row) => row.errors);
  const warnings = [...fileWarnings, ...rows.flatMap((row) => row.warnings)];
  return {
    counts: countActions(rows),
    estimate: estimateOnboarding({ ...countSubAccounts(rows), maxActiveRows: ACTIVE_ROWS }),
    mapping,
    columns,
    unknownColumns: unknownColumns.map(describeCell),
    errors: errors.slice(0, MAX_SHOWN),
    errorsOmitted: Math.max(0, errors.length - MAX_SHOWN),
    warnings: warnings.slice(0, MAX_SHOWN),
    warningsOmitted: Math.max(0, warnings.length - MAX_SHOWN),
    warningCounts: countBy(warnings, ({ code }) => code),
  };
}

/** Whether anything may be done with the rows: there is something to do, and nothing invalid unless that may be left out. */
export function isRunnable({ counts }: Pick<PlanSummary, 'counts'>, onInvalid: 'reject' | 'skip'): boolean {
  return counts.create + counts.update > 0 && (counts.invalid === 0 || onInvalid === 'skip');
}

function countActions(rows: readonly PlannedRow[]): PlanSummary['counts'] {
  const counts = { total: rows.length, create: 0, update: 0, skip: 0, invalid: 0 };
  for (const { action } of rows) counts[action]++;
  return counts;
}

function countSubAccounts(rows: readonly PlannedRow[]): { newSubAccounts: number; knownSubAccounts: number } {
  const worked = rows.filter(({ action }) => action === 'create' || action === 'update');
  const newSubAccounts = worked.filter(({ subAccount }) => subAccount === 'create').length;
  return { newSubAccounts, knownSubAccounts: worked.length - newSubAccounts };
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
