import { formatTable } from '../demo/table.ts';
import type { Plan } from './plan-file.ts';

const SHOWN_ERRORS = 40;
const SHOWN_WARNINGS = 10;
const MAX_CELL = 40;

/** A plan as lines for a person: what would be done, what it costs, every bad cell, and what was repaired or guessed. */
export function describePlan(plan: Plan): string[] {
  const { counts, estimate, errors, errorsOmitted, warnings, warningsOmitted } = plan;
  const { create, update, skip, invalid, total } = counts;
  const done = `${total} rows: ${create} to create, ${update} to update, ${skip} as they should be, ${invalid} invalid`;
  const cost = `at most ${estimate.companyCalls} calls of the company's budget, ${estimate.locationCalls} of the sub-accounts', ${estimate.minutes} min`;
  return [
    done,
    ...(create + update > 0 ? [cost] : []),
    ...describeCells('not valid', { cells: errors, omitted: errorsOmitted, shown: SHOWN_ERRORS }),
    ...describeCells('to look at', { cells: warnings, omitted: warningsOmitted, shown: SHOWN_WARNINGS }),
  ];
}

function describeCells(
  what: string,
  { cells, omitted, shown }: { cells: Plan['errors']; omitted: number; shown: number },
): string[] {
  if (cells.length === 0) return [];
  const rows = cells
    .slice(0, shown)
    .map(({ row, column, value, message, suggestion }) => [
      `row ${row}`,
      column,
      value.length > MAX_CELL ? `${value.slice(0, MAX_CELL - 1)}…` : value,
      suggestion === undefined ? message : `${message} (${suggestion}?)`,
    ]);
  const more = cells.length - rows.length + omitted;
  return [`${what}:`, formatTable(rows), ...(more > 0 ? [`  and ${more} more`] : [])];
}
