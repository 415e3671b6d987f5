import * as z from 'zod';
import { err, ok, type Result } from '../rules/result.ts';
import { isJson, parseInput, parseJson, readBodyText } from './body.ts';
import type { ApiError } from './problem.ts';

/** Rows as they were sent: a CSV's text, or JSON objects. */
export type Table =
  | { readonly kind: 'csv'; readonly text: string }
  | { readonly kind: 'rows'; readonly rows: readonly Record<string, unknown>[] };

const rowSchema = z.record(z.string(), z.unknown());
export const rowsSchema = z.union(
  [z.array(rowSchema), z.strictObject({ rows: z.array(rowSchema) }).transform(({ rows }) => rows)],
  {
    error: 'a list of rows, or { "rows": [...] }',
  },
);

/** Reads a table from a `text/csv` body, or from JSON: a list of rows, or `{ "rows": [...] }`. */
export async function readTable(request: Request, limitBytes: number): Promise<Result<Table, ApiError>> {
  const isCsv = /^text\/csv\b/i.test(request.headers.get('content-type') ?? '');
  if (!isCsv && !isJson(request))
    return err({ kind: 'unsupported_media_type', expected: 'text/csv or application/json' });
  const text = await readBodyText(request, limitBytes);
  if (!text.ok) return text;
  if (isCsv) return ok({ kind: 'csv', text: text.value });
  const json = parseJson(text.value);
  if (!json.ok) return json;
  const rows = parseInput(rowsSchema, json.value);
  return rows.ok ? ok({ kind: 'rows', rows: rows.value }) : rows;
}
