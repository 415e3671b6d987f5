import * as z from 'zod';
import { findLocation } from '../../../db/queries/find-location.ts';
import type { LocationRow } from '../../../db/queries/location-row.ts';
import { updateLocation } from '../../../db/queries/update-location.ts';
import type { AppDeps } from '../deps.ts';
import { invalidInput } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { toPlainText } from '../rules/plain-text.ts';
import { err, ok, type Result } from '../rules/result.ts';
import type { DirectoryHolder } from './directory-holder.ts';
import { refreshDirectory } from './import-locations.ts';
import { parseHours } from './rules/hours-text.ts';
import { readServices } from './rules/location-cells.ts';
import { showLocation, type ShownLocation } from './shown-location.ts';
import { checkTimezone, createClockReader, type ReadClock } from './rules/timezones.ts';

const MAX_DAILY_CAP = 100_000;

export const dailyCapSchema = z.int().min(0).max(MAX_DAILY_CAP).nullable();

const plainText = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .transform((text) => toPlainText(text) ?? '')
    .refine((text) => text !== '', { error: 'not empty' });

const services = z.array(z.unknown()).transform((texts, context) => {
  const read = readServices(texts);
  if (read.ok) return read.value;
  context.addIssue({ code: 'custom', message: read.error.message });
  return z.NEVER;
});

const hoursText = z
  .string()
  .refine((text) => parseHours(text).ok)
  .transform((text) => {
    const read = parseHours(text);
    return read.ok ? read.value : z.NEVER;
  });
const minutes = (most: number) => z.int().min(0).max(most);
const openSpan = z
  .tuple([minutes(1439), minutes(2880)])
  .refine(([opens, closes]) => closes > opens && closes - opens <= 1440, {
    error: 'closes after it opens, within a day',
  });
const openDay = z
  .array(openSpan)
  .max(6)
  .refine((spans) => spans.every(([opens], index) => index === 0 || opens >= (spans[index - 1]?.[1] ?? 0)), {
    error: 'spans in order, without overlap',
  });
const hours = z.union([hoursText, z.array(openDay).length(7)], {
  error: ({ input }) => {
    const read = typeof input === 'string' ? parseHours(input) : null;
    return read?.ok === false ? read.error : 'a text, or seven lists of [opens, closes] in minutes, Monday first';
  },
});
const holidays = z
  .array(z.iso.date().refine((text) => text >= '1900-01-01', { error: 'not before 1900' }))
  .max(100)
  .transform((dates) => [...new Set(dates)].sort());

/** The body of `PATCH /v1/locations/{id}`; texts and services are cleaned as an import does. */
export const locationPatchSchema = z
  .strictObject({
    active: z.boolean(),
    paused: z.boolean(),
    dailyCap: dailyCapSchema,
    services,
    name: plainText(200),
    timezone: plainText(64),
    ghlLocationId: plainText(64).nullable(),
    hours: hours.nullable(),
    holidays,
    conversionRate: z.number().min(0).max(1).nullable(),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, { error: 'give at least one field' });

type Patch = z.output<typeof locationPatchSchema>;

export type PatchLocationDeps = Pick<AppDeps, 'database' | 'nowMs' | 'log'> & { readonly directory: DirectoryHolder };

/**
 * Changes what is given and brings the directory up to date, so that the next lead is decided by it.
 * @returns the whole location; `not_found`, `invalid_input` for a time zone that is not the state's, or `conflict` for a
 *   sub-account that another location has; nothing is written then
 */
export async function patchLocation(
  deps: PatchLocationDeps,
  { locationId, patch }: { locationId: string; patch: Patch },
): Promise<Result<ShownLocation, ApiError>> {
  const notFound = err({ kind: 'not_found', what: 'location' } as const);
  const found = await findLocation(deps.database, locationId);
  if (!found) return notFound;
  const timezone = readTimezone({ patch, found, readClock: createClockReader(today(deps)) });
  if (!timezone.ok) return timezone;
  const updated = await updateLocation(deps.database, { locationId, patch: { ...patch, ...timezone.value } });
  if (updated.kind === 'unknown') return notFound;
  if (updated.kind === 'sub_account_taken') {
    return err({ kind: 'conflict', detail: 'Another location has this sub-account. Nothing was written.' });
  }
  await refreshDirectory(deps);
  return ok(showLocation(updated.location, deps.nowMs()));
}

function readTimezone({
  patch,
  found,
  readClock,
}: {
  patch: Patch;
  found: LocationRow;
  readClock: ReadClock;
}): Result<{ timezone?: string }, ApiError> {
  if (patch.timezone === undefined) return ok({});
  const checked = checkTimezone(patch.timezone, { state: found.state ?? '', readClock });
  if ('timezone' in checked) return ok({ timezone: checked.timezone });
  const message =
    checked.fault === 'unknown_timezone'
      ? 'This is no time zone, such as America/New_York.'
      : 'This is no time zone of the location’s state.';
  return err(invalidInput([{ field: 'timezone', code: checked.fault, message }]));
}

function today(deps: Pick<AppDeps, 'nowMs'>): string {
  return new Date(deps.nowMs()).toISOString().slice(0, 10);
}
