import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';

/**
 * Makes the open run that an earlier batch left unfinished this batch's.
 * @returns false where it is none of those: somebody else works with it
 */
export async function handOverOnboardingRun(
  database: Database,
  request: { readonly runId: string; readonly batch: string },
): Promise<boolean> {
  const answer = z.object({ status: z.enum(['handed_over', 'kept']) });
  return (await callLedger(database, 'hand_over_onboarding_run', { request, answer })).status === 'handed_over';
}
