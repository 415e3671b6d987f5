import * as z from 'zod';
import { planRowSchema, type PlanRow } from '../../../db/queries/plan-row.ts';
import { onboardingRowSchema } from './rules/onboarding-row.ts';

export const cellErrorSchema = z.object({
  row: z.int().describe('as a spreadsheet shows it, the header being row 1'),
  column: z.string(),
  value: z.string(),
  code: z.string(),
  message: z.string(),
  suggestion: z.string().optional().describe('what to put there instead, where that is safe to say'),
});

/** A row of a plan, as the API shows it and as batches read it. */
export const shownPlanRowSchema = planRowSchema.extend({
  input: onboardingRowSchema.nullable(),
  changes: z
    .array(z.object({ field: z.string(), from: z.unknown(), to: z.unknown() }))
    .describe('of a location that exists; `subAccount` where it is to get one, `active` where it is to be switched on'),
  errors: z.array(cellErrorSchema),
  warnings: z.array(cellErrorSchema),
});

export type ShownPlanRow = z.output<typeof shownPlanRowSchema>;

export function showPlanRow(row: PlanRow): ShownPlanRow {
  return shownPlanRowSchema.parse(row);
}
