import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { turnSchema, type SlotRules, type Turn } from './onboarding-batch-row.ts';

/** How a turn ended. `active`: the row keeps its slot and goes on under another message. */
export interface TurnEnd {
  readonly status:
    | 'queued'
    | 'active'
    | 'waiting'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
    | 'rolled_back'
    | 'rolled_back_with_tasks';
  readonly waitsFor?: string;
  readonly delaySeconds?: number;
  readonly failures?: number;
  readonly stepsDone?: number;
  readonly error?: object;
  /** The row is rolled back from here. */
  readonly turnTo?: 'back';
}

export interface EndTurnRequest extends Turn, SlotRules, TurnEnd {
  readonly direction: 'forward' | 'back';
}

const answerSchema = z.object({
  /** Of the row's next message; null when it needs none. */
  turn: z.number().nullable(),
  /** It was its batch's last row. */
  finished: z.boolean(),
  claimed: z.array(turnSchema),
});

/** Ends a turn of a row, and gives its slot to others. A turn that was ended before stays so. */
export function endOnboardingTurn(database: Database, request: EndTurnRequest): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'end_onboarding_turn', { request, answer: answerSchema });
}
