import * as z from 'zod';
import type { FoundPlan } from '../../../db/queries/find-plan.ts';
import { cellErrorSchema } from './shown-plan-row.ts';

const summarySchema = z.object({
  counts: z.object({
    total: z.int(),
    create: z.int(),
    update: z.int(),
    skip: z.int().describe('on already, and equal in every field'),
    invalid: z.int(),
  }),
  estimate: z
    .object({
      companyCalls: z.int().describe('of the budget that all sub-accounts share: 100 in 10 s, 200,000 a day'),
      locationCalls: z.int().describe('of the sub-accounts’ own budgets'),
      minutes: z.int(),
      boundBy: z.enum(['nothing', 'calls', 'snapshots', 'company_budget', 'daily_budget']),
    })
    .describe('what HighLevel will be asked, and how long that takes at least'),
  mapping: z.object({
    name: z.string().nullable(),
    source: z.enum(['given', 'suggested', 'standard']),
    columns: z.record(z.string(), z.string()).describe('heading of the file → standard heading'),
  }),
  columns: z.array(z.string()),
  unknownColumns: z.array(z.string()).describe('headings that were left out'),
  errors: z.array(cellErrorSchema).describe('every bad cell, in the file’s order; at most 500'),
  errorsOmitted: z.int(),
  warnings: z
    .array(cellErrorSchema)
    .describe('what was repaired, filled, guessed or ought to be looked at; at most 500'),
  warningsOmitted: z.int(),
  warningCounts: z.record(z.string(), z.int()).describe('all of them, by code'),
});

export const shownPlanSchema = z.object({
  id: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  onInvalid: z.enum(['reject', 'skip']),
  runnable: z.boolean().describe('something is to be done, and no invalid row is in its way'),
  ...summarySchema.shape,
  geocoding: z.object({
    status: z.enum(['none', 'pending', 'done', 'gave_up']),
    rows: z.record(z.string(), z.int()).describe('by outcome: pending, match, no_match, tie, far_from_postal_code'),
  }),
  geoConfidences: z.record(z.string(), z.int()).describe('good rows by how well their point is known'),
});

export type ShownPlan = z.output<typeof shownPlanSchema>;

export function showPlan({ summary, geocoding, geocodings, geoConfidences, ...plan }: FoundPlan): ShownPlan {
  return {
    ...plan,
    ...summarySchema.parse(summary),
    geocoding: { status: geocoding, rows: geocodings },
    geoConfidences,
  };
}
