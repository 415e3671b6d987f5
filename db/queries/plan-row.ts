import { sql } from 'drizzle-orm';
import * as z from 'zod';

/** A row of a plan as it is stored; `input`, `changes`, `errors` and `warnings` are the caller's to parse. */
export const planRowSchema = z.object({
  row: z.number(),
  rowKey: z.string().nullable(),
  action: z.enum(['create', 'update', 'skip', 'invalid']),
  locationId: z.string().nullable(),
  subAccount: z.enum(['create', 'adopt', 'keep']).nullable(),
  input: z.unknown(),
  changes: z.array(z.unknown()),
  errors: z.array(z.unknown()),
  warnings: z.array(z.unknown()),
  geocoding: z.enum(['pending', 'match', 'no_match', 'tie', 'far_from_postal_code']).nullable(),
});

export type PlanRow = z.output<typeof planRowSchema>;

/** The select list that `planRowSchema` parses, over `onboarding_plan_rows r`. */
export const planRowColumns = sql.raw(`jsonb_build_object(
  'row', r.row_number, 'rowKey', r.row_key, 'action', r.action, 'locationId', r.location_id,
  'subAccount', r.sub_account, 'input', r.input, 'changes', r.changes, 'errors', r.errors, 'warnings', r.warnings,
  'geocoding', r.geocoding) as plan_row`);
