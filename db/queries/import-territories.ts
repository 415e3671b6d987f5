import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database } from '../database.ts';
import { readRows } from './read-rows.ts';

export interface TerritoryImportRow {
  /** Line of the file; no two rows of one import share it. */
  readonly row: number;
  readonly kind: string;
  readonly value: string;
  /** In any case. */
  readonly franchiseCode: string;
  readonly exclusive: boolean;
  /** First day, YYYY-MM-DD; null for always. */
  readonly from: string | null;
  /** First day no more. */
  readonly to: string | null;
}

export interface TerritoryImport {
  readonly rows: readonly TerritoryImportRow[];
  readonly report: unknown;
  /** ISO 8601; null for a draft. */
  readonly publishAt: string | null;
  /** `publishAt` is now: where these very rows are in effect, nothing is stored and their version is answered. */
  readonly isNow: boolean;
}

const answerSchema = z.union([
  z
    .object({ unknownFranchiseCodes: z.array(z.string()) })
    .transform((answer) => ({ kind: 'unknown_locations', ...answer }) as const),
  z.object({ version: z.number() }).transform((answer) => ({ kind: 'imported', ...answer }) as const),
]);

/** Stores rows under the next version, all or nothing; franchise codes that no location has come back by name. */
export async function importTerritoryRows(
  database: Database,
  { rows, report, publishAt, isNow }: TerritoryImport,
): Promise<z.output<typeof answerSchema>> {
  const statement = sql`
    select import_territories(${JSON.stringify(rows)}::jsonb, ${JSON.stringify(report)}::jsonb,
      ${publishAt}::timestamptz, ${isNow}::boolean) as answer`;
  const [answer] = await readRows(database, statement, z.object({ answer: answerSchema }));
  if (!answer) throw new Error('import_territories answered nothing');
  return answer.answer;
}
