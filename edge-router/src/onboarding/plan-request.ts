import * as z from 'zod';
import { invalidInput, isJson, parseInput, parseJson, readBodyBytes } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { rowsSchema, type Table } from '../http/table-body.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { decodeFile } from './rules/decode-file.ts';
import { isEmailRule } from './rules/email-rule.ts';

const PLAN_BODY_LIMIT_BYTES = 16 * 1024 * 1024;
const MAX_MAPPED_HEADINGS = 200;

const heading = z.string().min(1).max(300);
export const mappingColumnsSchema = z
  .record(heading, heading)
  .refine((columns) => Object.keys(columns).length <= MAX_MAPPED_HEADINGS, {
    error: `at most ${MAX_MAPPED_HEADINGS} headings`,
  })
  .describe('heading of the file → standard heading');
export const mappingNameSchema = z.string().min(1).max(100);
export const emailRuleSchema = z
  .string()
  .max(200)
  .refine(isEmailRule, { error: 'an address that may name {franchiseCode}, {name}, {city} and {state}' })
  .describe('fills e-mails that are missing, with a warning each: {franchiseCode}@brand.example');

/** What may be asked of a plan: in the query, or beside the rows or the file. */
export const planOptionsSchema = z.strictObject({
  onInvalid: z
    .enum(['reject', 'skip'])
    .optional()
    .describe('whether the valid rows may go on without the invalid ones (`skip`) or not (`reject`, when left out)'),
  mapping: mappingNameSchema.optional().describe('name of a saved mapping; suggested by name when left out'),
  emailRule: emailRuleSchema.optional(),
});

export const planBodySchema = z.union(
  [
    z.strictObject({ rows: rowsSchema, ...planOptionsSchema.shape, columns: mappingColumnsSchema.optional() }),
    rowsSchema.transform((rows) => ({ rows })),
  ],
  { error: 'a list of rows, or { "rows": [...] } with the options beside it' },
);
const formFieldsSchema = z.strictObject({
  ...planOptionsSchema.shape,
  columns: z.string().max(100_000).transform(parseColumns).pipe(mappingColumnsSchema).optional(),
});

interface PlanOptions extends z.output<typeof planOptionsSchema> {
  /** Heading of this file -> standard heading; goes before a saved mapping. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
}

export interface PlanRequest extends PlanOptions {
  readonly onInvalid: 'reject' | 'skip';
  readonly table: Table;
  /** The file does not say how its letters are coded. */
  readonly isEncodingGuessed: boolean;
}

/** Reads rows from `text/csv` in any encoding, from the `file` of a form, or from JSON; options from the query or the body. */
export async function readPlanRequest(
  request: Request,
  query: Readonly<Record<string, string>>,
): Promise<Result<PlanRequest, ApiError>> {
  const options = parseInput(planOptionsSchema, query);
  if (!options.ok) return options;
  const body = await readBody(request);
  if (!body.ok) return body;
  const { options: inBody, ...table } = body.value;
  return ok({
    ...table,
    onInvalid: inBody.onInvalid ?? options.value.onInvalid ?? 'reject',
    mapping: inBody.mapping ?? options.value.mapping,
    emailRule: inBody.emailRule ?? options.value.emailRule,
    columns: inBody.columns,
  });
}

interface ReadBody {
  readonly table: Table;
  readonly isEncodingGuessed: boolean;
  readonly options: PlanOptions;
}

async function readBody(request: Request): Promise<Result<ReadBody, ApiError>> {
  const contentType = request.headers.get('content-type') ?? '';
  const isCsv = /^text\/(?:csv|tab-separated-values|plain)\b/i.test(contentType);
  const isForm = /^multipart\/form-data\b/i.test(contentType);
  if (!isCsv && !isForm && !isJson(request)) {
    return err({ kind: 'unsupported_media_type', expected: 'text/csv, multipart/form-data or application/json' });
  }
  const bytes = await readBodyBytes(request, PLAN_BODY_LIMIT_BYTES);
  if (!bytes.ok) return bytes;
  if (isCsv) return ok(readFile(bytes.value, {}));
  return isForm ? readForm(bytes.value, contentType) : readRows(bytes.value);
}

function readFile(bytes: Uint8Array, options: PlanOptions): ReadBody {
  const { text, isGuess } = decodeFile(bytes);
  return { table: { kind: 'csv', text }, isEncodingGuessed: isGuess, options };
}

function readRows(bytes: Uint8Array): Result<ReadBody, ApiError> {
  const { text, encoding } = decodeFile(bytes);
  // JSON is UTF-8 (RFC 8259, section 8.1).
  if (encoding !== 'utf-8') return err({ kind: 'invalid_encoding' });
  const json = parseJson(text);
  if (!json.ok) return json;
  const body = parseInput(planBodySchema, json.value);
  if (!body.ok) return body;
  const { rows, ...options } = body.value;
  return ok({ table: { kind: 'rows', rows }, isEncodingGuessed: false, options });
}

async function readForm(bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<Result<ReadBody, ApiError>> {
  const form = await parseForm(bytes, contentType);
  const file = form?.get('file') ?? null;
  if (!form || file === null) {
    return err(invalidInput([{ field: 'file', code: 'missing', message: 'A form with the CSV as "file"' }]));
  }
  const fields = [...form].filter(([name, value]) => name !== 'file' && value !== '');
  const options = parseInput(formFieldsSchema, Object.fromEntries(fields));
  if (!options.ok) return options;
  const content = typeof file === 'string' ? new TextEncoder().encode(file) : new Uint8Array(await file.arrayBuffer());
  return ok(readFile(content, options.value));
}

async function parseForm(bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormData | null> {
  try {
    return await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  } catch {
    return null;
  }
}

function parseColumns(text: string): unknown {
  const json = parseJson(text);
  return json.ok ? json.value : null;
}
