import * as z from 'zod';
import type { InputError } from '../http/problem.ts';

/** One bad input: a field of JSON, or a cell of a file. */
export const inputErrorSchema = z.object({
  field: z.string().optional().describe('path of the bad field, such as coordinates.lat'),
  row: z.number().optional().describe('line of a file, its headings being line 1'),
  column: z.string().optional(),
  value: z.string().optional(),
  code: z.string(),
  message: z.string(),
  suggestion: z.string().optional(),
}) satisfies z.ZodType<{ -readonly [Key in keyof InputError]: InputError[Key] | undefined }>;

/** The body of every error (RFC 9457). */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe('stable name of the problem, for machines'),
  requestId: z.string(),
  errors: z.array(inputErrorSchema).optional().describe('every bad input at once'),
  errorsOmitted: z.int().optional(),
  leadId: z.string().optional(),
  runId: z.string().nullable().optional(),
  step: z.string().optional(),
  reason: z.string().optional().describe('why a step failed, for machines'),
  action: z.string().optional().describe('what to do about it'),
  retryable: z.boolean().optional().describe('whether asking again may help although nobody changes anything'),
  missing: z.array(z.string()).optional().describe('steps that come first'),
  findings: z.array(z.unknown()).optional().describe('what exactly is missing or wrong, by name'),
  upstream: z.record(z.string(), z.unknown()).optional().describe('what HighLevel answered'),
});
