import type * as z from 'zod';
import { err, ok, type Result } from '../../../edge-router/src/rules/result.ts';
import type { ApiRequest, ApiResponse } from './router.ts';

export const EMPTY: ApiResponse = { status: 200 };

/** QStash's only error body. */
export function fail(status: number, error: string): ApiResponse {
  return { status, json: { error } };
}

export function succeed(json: unknown): ApiResponse {
  return { status: 200, json };
}

/** The body as `schema` wants it, or QStash's 400. */
export function parseJsonBody<T>(request: ApiRequest, schema: z.ZodType<T>): Result<T, ApiResponse> {
  let json: unknown;
  try {
    json = JSON.parse(request.body.toString('utf8'));
  } catch {
    return err(fail(400, 'invalid request body: not JSON'));
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return err(fail(400, `invalid request body: ${issue?.path.join('.')} ${issue?.message}`));
}
