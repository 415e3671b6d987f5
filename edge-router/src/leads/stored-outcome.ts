import * as z from 'zod';
import type { StoredOutcome } from './routed-lead.ts';
import { asLocationId } from '../rules/ids.ts';

const verdict = z.enum([
  'chosen',
  'full',
  'paused',
  'inactive',
  'closed',
  'no_service',
  'out_of_radius',
  'excluded',
  'outranked',
]);
export const matchLevelSchema = z.enum(['named', 'sticky', 'territory', 'nearest', 'overflow']);

/** The decision trace as it lies in `leads.decision`; `rules/decision.ts` says what each field means. */
export const traceSchema = z.object({
  ruleVersion: z.number(),
  territoryVersion: z.number().nullable(),
  matchLevel: matchLevelSchema.nullable(),
  geoConfidence: z.enum(['rooftop', 'zip', 'city', 'state', 'ip']).nullable(),
  place: z.object({ lng: z.number(), lat: z.number() }).nullable(),
  inputs: z.record(z.string(), z.string().nullable()),
  candidates: z.array(
    z.object({
      locationId: z.string().transform(asLocationId),
      name: z.string(),
      franchiseCode: z.string(),
      distanceMiles: z.number().nullable(),
      matchLevel: matchLevelSchema,
      verdict,
      territory: z.string().exactOptional(),
      score: z.number().exactOptional(),
      weight: z.number().exactOptional(),
    }),
  ),
  omitted: z.partialRecord(verdict, z.number()).transform((omitted) => omitted as StoredOutcome['trace']['omitted']),
  notes: z.array(z.string()),
});

export const parkedReasonSchema = z
  .enum([
    'no_place',
    'no_location_in_range',
    'no_eligible_location',
    'all_candidates_full',
    'territory_owner_unavailable',
  ])
  .nullable();

export interface StoredColumns {
  readonly leadId: string;
  readonly status: StoredOutcome['status'];
  readonly locationId: string | null;
  readonly duplicateOf: string | null;
  readonly parkedReason: string | null;
  readonly decision: unknown;
}

/** A lead's outcome from its columns. Throws on a trace this version did not write (a bug, not bad input). */
export function readStoredOutcome(columns: StoredColumns): StoredOutcome {
  return {
    leadId: columns.leadId,
    status: columns.status,
    locationId: columns.locationId,
    duplicateOf: columns.duplicateOf,
    trace: traceSchema.parse(columns.decision),
    parkedReason: parkedReasonSchema.parse(columns.parkedReason),
  };
}
