import type * as z from 'zod';
import { err, ok, type Result } from '../rules/result.ts';
import type { ApiError, InputError } from './problem.ts';

const MAX_ERRORS_SHOWN = 500;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads a body as text, never holding more than `limitBytes` of it.
 * @returns `body_too_large`, also when Content-Length understates it; `invalid_encoding` for what is not UTF-8
 */
export async function readBodyText(
  message: Pick<Request, 'headers' | 'body'>,
  limitBytes: number,
): Promise<Result<string, ApiError>> {
  const tooLarge = err({ kind: 'body_too_large', limitBytes } as const);
  if (Number(message.headers.get('content-length') ?? 0) > limitBytes) return tooLarge;
  if (!message.body) return ok('');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  const reader = message.body.getReader();
  let text = '';
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    sizeBytes += value?.byteLength ?? 0;
    const part = sizeBytes > limitBytes ? '' : decodePart(decoder, value);
    if (sizeBytes > limitBytes || part === null) {
      await reader.cancel();
      return part === null ? err({ kind: 'invalid_encoding' }) : tooLarge;
    }
    text += part;
    if (done) return ok(text);
  }
}

/**
 * `readBodyText` of a request. HTTP ends its body at its Content-Length, so where there is one nothing longer than what was
 * checked arrives: one read instead of a stream's many.
 */
export async function readRequestText(request: Request, limitBytes: number): Promise<Result<string, ApiError>> {
  if (request.headers.get('content-length') === null) return readBodyText(request, limitBytes);
  const bytes = await readBodyBytes(request, limitBytes);
  if (!bytes.ok) return bytes;
  try {
    return ok(utf8.decode(bytes.value));
  } catch {
    return err({ kind: 'invalid_encoding' });
  }
}

/** The raw bytes of a body, as what signed them saw them, never holding more than `limitBytes`. */
export async function readBodyBytes(
  message: Pick<Request, 'headers' | 'body' | 'arrayBuffer'>,
  limitBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, ApiError>> {
  const contentLength = message.headers.get('content-length');
  if (contentLength === null) return readStreamBytes(message, limitBytes);
  if (Number(contentLength) > limitBytes) return err({ kind: 'body_too_large', limitBytes });
  const bytes = await message.arrayBuffer();
  return bytes.byteLength > limitBytes ? err({ kind: 'body_too_large', limitBytes }) : ok(new Uint8Array(bytes));
}

async function readStreamBytes(
  { body }: Pick<Request, 'body'>,
  limitBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, ApiError>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let sizeBytes = 0;
  const reader = body?.getReader();
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    sizeBytes += read.value.byteLength;
    if (sizeBytes > limitBytes) {
      await reader?.cancel();
      return err({ kind: 'body_too_large', limitBytes });
    }
    parts.push(new Uint8Array(read.value));
  }
  return ok(new Uint8Array(await new Blob(parts).arrayBuffer()));
}

/** Null for bytes that are not UTF-8; no bytes is the end of the text. */
function decodePart(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array | undefined): string | null {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    return null;
  }
}

/** Parses JSON; what Postgres cannot store in any text (a null character, half of a surrogate pair) is replaced. */
export function parseJson(text: string): Result<unknown, ApiError> {
  try {
    const value: unknown = JSON.parse(text);
    // In valid UTF-8 both can only have come as escapes, so nearly every body is spared the walk.
    return ok(/\\u(?:0000|d[89a-f])/i.test(text) ? replaceUnstorable(value) : value);
  } catch {
    return err({ kind: 'invalid_json' });
  }
}

function replaceUnstorable(value: unknown): unknown {
  if (typeof value === 'string') return toStorable(value);
  if (Array.isArray(value)) return value.map(replaceUnstorable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]): [string, unknown] => [toStorable(key), replaceUnstorable(item)]),
  );
}

function toStorable(text: string): string {
  return text.replaceAll('\0', ' ').toWellFormed();
}

/** Checks outside data against a schema; every bad field is reported at once. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): Result<z.output<S>, ApiError> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return ok(parsed.data);
  return err(invalidInput(parsed.error.issues.flatMap(toInputErrors)));
}

/** Caps the list, so that a file of garbage cannot make an answer larger than itself. */
export function invalidInput(errors: readonly InputError[]): ApiError {
  const errorsOmitted = Math.max(0, errors.length - MAX_ERRORS_SHOWN);
  return {
    kind: 'invalid_input',
    errors: errors.slice(0, MAX_ERRORS_SHOWN),
    ...(errorsOmitted > 0 ? { errorsOmitted } : {}),
  };
}

function toInputErrors(issue: z.core.$ZodIssue): InputError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...path, key].join('.'),
      code: 'unknown_field',
      message: 'Unknown field',
    }));
  }
  return [{ field: path.join('.') || '(body)', code: issue.code, message: issue.message }];
}

/** `readJsonValue` and `parseInput` in a row, for JSON routes. */
export async function readJson<S extends z.ZodType>(
  request: Request,
  schema: S,
  limitBytes: number,
): Promise<Result<z.output<S>, ApiError>> {
  const json = await readJsonValue(request, limitBytes);
  return json.ok ? parseInput(schema, json.value) : json;
}

/** `readRequestText` and `parseJson` in a row, of a request that says it has JSON; nothing else of it is checked. */
export async function readJsonValue(request: Request, limitBytes: number): Promise<Result<unknown, ApiError>> {
  if (!isJson(request)) return err({ kind: 'unsupported_media_type', expected: 'application/json' });
  const text = await readRequestText(request, limitBytes);
  return text.ok ? parseJson(text.value) : text;
}

export function isJson(request: Request): boolean {
  return /^application\/([\w.-]+\+)?json\b/i.test(request.headers.get('content-type') ?? '');
}
