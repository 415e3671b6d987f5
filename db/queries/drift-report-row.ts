import * as z from 'zod';

export const driftStatusSchema = z.enum(['pending', 'ok', 'drifted', 'unchecked', 'repairing', 'repaired']);

/** A report with its locations counted, as the SQL function `show_drift_report` answers it. */
export const driftReportRowSchema = z.object({
  reportId: z.string(),
  kind: z.enum(['asked', 'nightly']),
  status: z.enum(['running', 'finished']),
  turn: z.number(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  counts: z.partialRecord(driftStatusSchema, z.number()),
});

export type DriftReportRow = z.output<typeof driftReportRowSchema>;
