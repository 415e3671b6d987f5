import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { isTransient, type Database } from '../database.ts';
import { readRows } from './read-rows.ts';

/** The functions of the onboarding ledger and of batches and drift (db/migrations/0011, 0013 and 0014) that take and answer one document. */
type LedgerFunction =
  | 'open_onboarding_run'
  | 'begin_onboarding_step'
  | 'begin_onboarding_undo'
  | 'record_onboarding_effect'
  | 'settle_onboarding_effect'
  | 'finish_onboarding_step'
  | 'replace_onboarding_row'
  | 'create_onboarding_batch'
  | 'claim_onboarding_rows'
  | 'begin_onboarding_turn'
  | 'advance_onboarding_turn'
  | 'end_onboarding_turn'
  | 'change_onboarding_batch'
  | 'hand_over_onboarding_run'
  | 'create_drift_report'
  | 'take_drift_rows'
  | 'end_drift_turn'
  | 'repair_drift';

const MAX_TRIES = 3;

/**
 * Calls a function of the ledger, one transaction each; one that lost against another is run again. A call whose answer was
 * lost may have been made: the lease it took then simply ends.
 */
export async function callLedger<S extends z.ZodType>(
  database: Database,
  name: LedgerFunction,
  { request, answer }: { request: unknown; answer: S },
): Promise<z.output<S>> {
  const statement = sql`select ${sql.raw(name)}(${JSON.stringify(request)}::jsonb) as answer`;
  const rowSchema = z.object({ answer: z.unknown() });
  for (let tries = 1; ; tries++) {
    try {
      const [row] = await readRows(database, statement, rowSchema);
      if (!row) throw new Error(`${name} answered nothing`);
      return answer.parse(row.answer);
    } catch (error) {
      if (tries === MAX_TRIES || !isTransient(error)) throw error;
    }
  }
}
