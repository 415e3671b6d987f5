import * as z from 'zod';
import { postponeGeocoding } from '../../../db/queries/postpone-geocoding.ts';
import { readUngeocodedRows } from '../../../db/queries/read-ungeocoded-rows.ts';
import { saveGeocodes, type GeocodedRow } from '../../../db/queries/save-geocodes.ts';
import type { AppDeps } from '../deps.ts';
import { createClockReader } from '../locations/rules/timezones.ts';
import { askForGeocoding, GEOCODING_LEASE_SECONDS } from './geocoding-message.ts';
import type { CensusAnswer } from './rules/census-csv.ts';
import { mergeGeocode, toCensusAddress } from './rules/merge-geocode.ts';
import { onboardingRowSchema } from './rules/onboarding-row.ts';

/** A part that the Census answers within the lease, at some 100 addresses a second when it is slow. */
const ADDRESSES_PER_STEP = 1000;
const CENSUS_TIMEOUT_MS = 120_000;
/** After 1, 2, 4, 8 and 16 minutes the rows keep the points of their postal codes. */
const MAX_FAILURES = 6;

/** An address that the answer lacks counts as not found, or its plan would wait for it for ever. */
const NOT_ANSWERED: CensusAnswer = { kind: 'no_match' };

const messageSchema = z.object({ planId: z.uuid() });

/**
 * One step of a plan's geocoding: the next addresses are asked for and merged, and the step after is asked of QStash. Safe to
 * run twice and at the same time: only rows that still wait are written.
 */
export async function geocodePlan(
  deps: Pick<AppDeps, 'database' | 'qstash' | 'config' | 'log' | 'postalCodes' | 'geocodeBatch' | 'nowMs'>,
  body: unknown,
): Promise<'done' | 'refused'> {
  const message = messageSchema.safeParse(body);
  if (!message.success) return 'refused';
  const { planId } = message.data;
  const waiting = await readUngeocodedRows(deps.database, { planId, limit: ADDRESSES_PER_STEP });
  if (waiting.length === 0) return 'done';
  const rows = waiting.map(({ rowNumber, input }) => ({ rowNumber, input: onboardingRowSchema.parse(input) }));
  const answers = await deps.geocodeBatch(
    rows.map(({ rowNumber, input }) => toCensusAddress(String(rowNumber), input)),
    { timeoutMs: CENSUS_TIMEOUT_MS },
  );
  if (!answers.ok) {
    const gaveUp = await postponeGeocoding(deps.database, { planId, maxFailures: MAX_FAILURES });
    deps.log({ event: 'geocoding_failed', planId, reason: answers.error.reason, gaveUp });
    return 'done';
  }
  const readClock = createClockReader(new Date(deps.nowMs()).toISOString().slice(0, 10));
  const left = await saveGeocodes(deps.database, {
    planId,
    rows: rows.map(({ rowNumber, input }): GeocodedRow => {
      const answer = answers.value.get(String(rowNumber)) ?? NOT_ANSWERED;
      const { outcome, row } = mergeGeocode(input, answer, { postalCodes: deps.postalCodes, readClock });
      return { rowNumber, outcome, input: row };
    }),
    nextSeconds: GEOCODING_LEASE_SECONDS,
  });
  if (left > 0) await askForGeocoding(deps, { planId, step: `after-${rows.at(-1)?.rowNumber}` });
  return 'done';
}
