import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export interface GeocodedRow {
  readonly rowNumber: number;
  readonly outcome: 'match' | 'no_match' | 'tie' | 'far_from_postal_code';
  /** The whole row with its better point; null leaves it. */
  readonly input: object | null;
}

/**
 * Writes what became of addresses, over rows that still wait for it, and over those of the plan's batch that have not begun.
 * @returns how many of the plan's rows still wait
 */
export async function saveGeocodes(
  database: Database,
  { planId, rows, nextSeconds }: { planId: string; rows: readonly GeocodedRow[]; nextSeconds: number },
): Promise<number> {
  const statement = sql`
    with better as (
      select a."rowNumber", a.input from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as a ("rowNumber" integer, input jsonb)
      where a.input is not null),
    brought as (
      update onboarding_batch_rows r set input = better.input from better, onboarding_batches b
      where b.plan_id = ${planId}::uuid and r.batch_id = b.id and r.row_number = better."rowNumber" and r.run_id is null)
    select save_geocodes(${planId}::uuid, ${JSON.stringify(rows)}::jsonb, ${nextSeconds}::int) as waiting`;
  const [saved] = await readRows(database, statement, z.object({ waiting: z.number() }));
  return saved?.waiting ?? 0;
}
