import { err, ok, type Result } from '../rules/result.ts';
import type { ApiError } from './problem.ts';

/** Visible ASCII, as a header can carry it. */
const KEY_PATTERN = /^[!-~]{1,255}$/;

/** The caller's Idempotency-Key header; null where there is none. */
export function readIdempotencyKey(header: string | undefined): Result<string | null, ApiError> {
  if (header === undefined) return ok(null);
  if (KEY_PATTERN.test(header)) return ok(header);
  const message = '1 to 255 visible ASCII characters';
  return err({ kind: 'invalid_input', errors: [{ field: 'Idempotency-Key', code: 'invalid_format', message }] });
}
