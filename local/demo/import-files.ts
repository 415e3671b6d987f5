import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import { columnMappingFor } from '../../edge-router/src/locations/rules/location-columns.ts';
import { toHeadingKey } from '../../edge-router/src/locations/rules/sheet.ts';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { describeProblem } from './edge-client.ts';
import type { EdgeClient, InputError, Problem } from './edge-client.ts';
import { formatTable } from './table.ts';

const IMPORT_TIMEOUT_MS = 120_000;
/** One answer names only so many bad cells, so a very bad file takes several rounds. */
const MAX_ROUNDS = 20;
const SHOWN_ERRORS = 40;
const FIRST_DATA_ROW = 2;

const importAnswerSchema = z.object({
  total: z.number(),
  created: z.number().optional(),
  updated: z.number().optional(),
  unchanged: z.number().optional(),
});
const rowsSchema = z.array(z.record(z.string(), z.string()));

/** Imports a locations CSV. Headings other than the standard ones are mapped by name, and rows with bad cells then left out. */
export async function importLocations(client: EdgeClient, text: string): Promise<Result<null, string>> {
  const parsed = readRows(text);
  if (!parsed.ok) return parsed;
  const headings = Object.keys(parsed.value[0] ?? {});
  const { mapping, unmapped, missing } = columnMappingFor(headings);
  const other = Object.entries(mapping).filter(([heading, column]) => toHeadingKey(heading) !== toHeadingKey(column));
  // The router itself says best what is wrong with a file that is meant to be in its own layout.
  if (other.length === 0) return importCsv(client, { path: '/v1/locations/import', what: 'locations', text });
  if (missing.length > 0) return err(`No column of the locations file could be taken for: ${missing.join(', ')}.`);
  console.log(`  headings mapped: ${other.map(([heading, column]) => `${heading} → ${column}`).join(', ')}`);
  if (unmapped.length > 0) console.log(`  columns left out: ${unmapped.join(', ')}`);
  return importGoodRows(client, renameColumns(parsed.value, mapping));
}

/** Imports a CSV in the router's own layout: all of it, or nothing. */
export async function importCsv(
  client: EdgeClient,
  { path, what, text }: { path: string; what: string; text: string },
): Promise<Result<null, string>> {
  const startedMs = performance.now();
  const answer = await client.send({ path, body: { type: 'text/csv', text }, timeoutMs: IMPORT_TIMEOUT_MS });
  if (answer.ok) return reportImport(answer.value, { what, startedMs });
  showErrors(answer.error);
  return err(`The ${what} were not imported. ${describeProblem(answer.error)}`);
}

export function readCsvFile(file: string): Result<string, string> {
  try {
    return ok(readFileSync(file, 'utf8'));
  } catch (error) {
    return err(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readRows(text: string): Result<Record<string, string>[], string> {
  try {
    return ok(rowsSchema.parse(parse(text, { columns: true, bom: true, trim: true, relax_column_count: true })));
  } catch (error) {
    return err(`The locations file is no CSV: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function renameColumns(rows: readonly Record<string, string>[], mapping: Readonly<Record<string, string>>) {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(mapping).map(([heading, column]) => [column, row[heading] ?? ''])),
  );
}

/** The import takes all rows or none, so the bad ones are taken out by what it answers, and named. */
async function importGoodRows(
  client: EdgeClient,
  rows: readonly Record<string, string>[],
): Promise<Result<null, string>> {
  const startedMs = performance.now();
  let left = rows.map((cells, index) => ({ cells, row: index + FIRST_DATA_ROW }));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const text = JSON.stringify({ rows: left.map(({ cells }) => cells) });
    const path = '/v1/locations/import';
    const answer = await client.send({ path, body: { type: 'application/json', text }, timeoutMs: IMPORT_TIMEOUT_MS });
    if (answer.ok) {
      const leftOut = rows.length - left.length;
      if (leftOut > 0) console.log(`  ${leftOut} of ${rows.length} rows left out for the cells above`);
      return reportImport(answer.value, { what: 'locations', startedMs });
    }
    const bad = new Set(answer.error.errors.flatMap(({ row }) => (row === undefined ? [] : [row])));
    const kept = left.filter((_, index) => !bad.has(index + FIRST_DATA_ROW));
    // Nothing that a row can be blamed for: leaving rows out would not help.
    if (kept.length === left.length || kept.length === 0) {
      showErrors(answer.error);
      return err(`The locations were not imported. ${describeProblem(answer.error)}`);
    }
    showErrors({ ...answer.error, errors: answer.error.errors.map((error) => toFileRow(error, left)) });
    left = kept;
  }
  return err(`The locations were not imported: after ${MAX_ROUNDS} rounds there were still bad cells.`);
}

function toFileRow(error: InputError, sent: readonly { row: number }[]): InputError {
  const row = error.row === undefined ? undefined : sent[error.row - FIRST_DATA_ROW]?.row;
  return row === undefined ? error : { ...error, row };
}

function reportImport(answer: unknown, { what, startedMs }: { what: string; startedMs: number }): Result<null, string> {
  const parsed = importAnswerSchema.safeParse(answer);
  if (!parsed.success) return err(`The import of the ${what} answered something unknown.`);
  const { total, created, updated, unchanged } = parsed.data;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const changes = created === undefined ? '' : ` (${created} created, ${updated} updated, ${unchanged} unchanged)`;
  console.log(`✓ ${total} ${what} imported${changes}  ${seconds} s`);
  return ok(null);
}

function showErrors({ errors, errorsOmitted }: Problem): void {
  if (errors.length === 0) return;
  const rows = errors
    .slice(0, SHOWN_ERRORS)
    .map(({ row, column, value, message, suggestion }) => [
      row ?? '',
      column ?? '',
      value ?? '',
      suggestion === undefined ? message : `${message} Did you mean ${suggestion}?`,
    ]);
  console.log(formatTable([['row', 'column', 'value', 'what is wrong'], ...rows]));
  const more = errors.length - rows.length + errorsOmitted;
  if (more > 0) console.log(`  … and ${more} more`);
}
