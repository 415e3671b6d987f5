import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { turnSchema, type SlotRules, type Turn } from './onboarding-batch-row.ts';

const rowSchema = z.object({
  rowKey: z.string(),
  input: z.unknown(),
  direction: z.enum(['forward', 'back']),
  runId: z.string().nullable(),
  stepsDone: z.number(),
  failures: z.number(),
  onFailure: z.enum(['keep', 'roll_back']),
});

export type BegunRow = z.output<typeof rowSchema>;

const answerSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('begun'), row: rowSchema, claimed: z.array(turnSchema) }),
  /** An older message, or one whose row has to wait for a slot. */
  z.object({ status: z.literal('stale'), claimed: z.array(turnSchema) }),
]);

/** A row's message has come: whether it has a slot. `claimed` are others that got one meanwhile, to be told of it. */
export function beginOnboardingTurn(
  database: Database,
  request: Turn & SlotRules,
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'begin_onboarding_turn', { request, answer: answerSchema });
}
