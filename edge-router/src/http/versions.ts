import * as z from 'zod';
import { isStorableMoment } from './moments.ts';

// What rules and territories have in common as documents: numbered versions, drafted, and published for a time.

/** Postgres' `integer` holds every number of this length. */
const VERSION_PATTERN = /^[1-9]\d{0,8}$/;

export const versionListQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().regex(VERSION_PATTERN, { error: 'not a cursor that a list gave' }).transform(Number).optional(),
});

/** ISO 8601 with its zone. */
export const momentSchema = z.iso
  .datetime({ offset: true, error: 'a time with its zone, such as 2026-03-31T06:00:00Z' })
  .refine(isStorableMoment, { error: 'from 1970 to 9999' });

export const publishSchema = z.strictObject({ effectiveAt: momentSchema.optional() });

/** 0, which no version has, for a text that is no version. */
export function readVersion(text: string): number {
  return VERSION_PATTERN.test(text) ? Number(text) : 0;
}
