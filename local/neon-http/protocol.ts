import * as z from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';

/** One statement; `parameters` are PostgreSQL's text forms. */
export type Statement = { text: string; parameters: (string | null)[]; rowsAsArrays: boolean };
export type Batch = {
  statements: Statement[];
  isolationLevel: IsolationLevel | null;
  readOnly: boolean;
  deferrable: boolean;
};
export type SqlRequest = { kind: 'single'; statement: Statement } | { kind: 'batch'; batch: Batch };
export type Headers = Readonly<Record<string, string | string[] | undefined>>;
export type IsolationLevel = keyof typeof isolationLevels;

/** As the headers spell the levels, and as SQL does. */
export const isolationLevels = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
} as const;

const statementSchema = z.object({
  query: z.string(),
  params: z.array(z.unknown()).default([]),
  arrayMode: z.boolean().optional(),
});
const batchSchema = z.object({ queries: z.array(statementSchema) });

/** The error is the message of a 400. */
export function parseSqlRequest(headers: Headers, body: string): Result<SqlRequest, string> {
  if (headers['neon-raw-text-output'] !== 'true') {
    return err('this local stand-in only speaks raw text: send the header neon-raw-text-output: true');
  }
  const json = parseJson(body);
  if (!json.ok) return json;
  const rowsAsArrays = headers['neon-array-mode'] === 'true';
  const isBatch = typeof json.value === 'object' && json.value !== null && 'queries' in json.value;
  return isBatch ? parseBatch(json.value, headers, rowsAsArrays) : parseSingle(json.value, rowsAsArrays);
}

function parseJson(body: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(body));
  } catch (error) {
    return err(couldNotParse(error));
  }
}

function parseSingle(json: unknown, rowsAsArrays: boolean): Result<SqlRequest, string> {
  const parsed = statementSchema.safeParse(json);
  if (!parsed.success) return err(couldNotParse(parsed.error));
  return ok({ kind: 'single', statement: toStatement(parsed.data, rowsAsArrays) });
}

function parseBatch(json: unknown, headers: Headers, rowsAsArrays: boolean): Result<SqlRequest, string> {
  const parsed = batchSchema.safeParse(json);
  if (!parsed.success) return err(couldNotParse(parsed.error));
  const level = headers['neon-batch-isolation-level'];
  if (level !== undefined && !isIsolationLevel(level)) return err('invalid isolation level');
  const batch: Batch = {
    statements: parsed.data.queries.map((each) => toStatement(each, rowsAsArrays)),
    isolationLevel: level ?? null,
    readOnly: headers['neon-batch-read-only'] === 'true',
    deferrable: headers['neon-batch-deferrable'] === 'true',
  };
  return ok({ kind: 'batch', batch });
}

function toStatement(parsed: z.infer<typeof statementSchema>, rowsAsArrays: boolean): Statement {
  return {
    text: parsed.query,
    parameters: parsed.params.map((parameter) => toText(parameter)),
    rowsAsArrays: parsed.arrayMode ?? rowsAsArrays,
  };
}

/** The driver sends text or null. Anything else is what a caller without a driver wrote: PostgreSQL's text form of the JSON value. */
export function toText(parameter: unknown): string | null {
  if (parameter === null || parameter === undefined) return null;
  if (typeof parameter === 'string') return parameter;
  return Array.isArray(parameter) ? toArrayLiteral(parameter) : JSON.stringify(parameter);
}

function toArrayLiteral(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (value === null) return 'NULL';
    if (Array.isArray(value)) return toArrayLiteral(value);
    // JSON's quoting is what an array literal understands: backslash escapes inside double quotes.
    return `"${toElementText(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  });
  return `{${elements.join(',')}}`;
}

function toElementText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isIsolationLevel(level: string | string[]): level is IsolationLevel {
  return typeof level === 'string' && Object.hasOwn(isolationLevels, level);
}

function couldNotParse(error: unknown): string {
  const reason =
    error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  return `could not parse the HTTP request body: ${reason}`;
}
