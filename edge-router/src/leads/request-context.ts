import type { Context } from 'hono';
import * as z from 'zod';
import type { AppEnv } from '../http/app-env.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import type { ApiError } from '../http/problem.ts';
import type { RunInBackground } from '../locations/directory-holder.ts';
import { areInRange, type Coordinates } from '../locations/rules/distance.ts';
import { ok, type Result } from '../rules/result.ts';
import type { RequestContext } from './lead-in-hand.ts';

/** What comes with the request of a lead beside its body. @returns `invalid_input` for a malformed Idempotency-Key */
export function readContext(c: Context<AppEnv>, background: RunInBackground): Result<RequestContext, ApiError> {
  const key = readIdempotencyKey(c.req.header('idempotency-key'));
  if (!key.ok) return key;
  const idempotencyKey = key.value === null ? null : { apiKeyId: c.var.apiKey.id, key: key.value };
  const readPlace = (): Coordinates | null => readEdgePlace(c.req.raw);
  return ok({ idempotencyKey, readEdgePlace: readPlace, background });
}

const edgeSchema = z.object({ cf: z.object({ latitude: z.coerce.number(), longitude: z.coerce.number() }) });

/** Where Cloudflare takes the address to be (`request.cf`); null where it does not say. */
function readEdgePlace(request: Request): Coordinates | null {
  if (!('cf' in request)) return null;
  const parsed = edgeSchema.safeParse(request);
  if (!parsed.success) return null;
  const { latitude: lat, longitude: lng } = parsed.data.cf;
  return areInRange({ lng, lat }) ? { lng, lat } : null;
}

/** `Server-Timing`: the calls made outside. A Worker's clock stands still while it computes. */
export function describeTiming({ calls, durationMs }: { calls: number; durationMs: number }): string {
  return `postgres;dur=${durationMs.toFixed(1)};desc="${calls} ${calls === 1 ? 'call' : 'calls'}"`;
}
