import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { turnSchema, type SlotRules, type Turn } from './onboarding-batch-row.ts';

/** Gives free slots to rows that are due: each to the batch with the fewest. Also takes up what was left behind. */
export function claimOnboardingRows(database: Database, rules: SlotRules): Promise<Turn[]> {
  return callLedger(database, 'claim_onboarding_rows', { request: rules, answer: z.array(turnSchema) });
}
