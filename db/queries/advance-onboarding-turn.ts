import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import type { Turn } from './onboarding-batch-row.ts';

export interface AdvanceTurnRequest extends Turn {
  /** Where the Worker goes with the row. */
  readonly direction: 'forward' | 'back';
  readonly leaseSeconds: number;
  readonly runId?: string;
  readonly stepsDone?: number;
}

/** Notes how far a row is. @returns whether to go on with it: its batch was neither paused nor cancelled, nor the row turned round */
export async function advanceOnboardingTurn(database: Database, request: AdvanceTurnRequest): Promise<boolean> {
  const answer = z.object({ goOn: z.boolean() });
  return (await callLedger(database, 'advance_onboarding_turn', { request, answer })).goOn;
}
