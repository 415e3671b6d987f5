import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';

const answerSchema = z.object({ asked: z.number(), turn: z.number() }).nullable();

/** Marks what drifted to be repaired. Null: there is no such report; else of how many locations, and the next message's number. */
export function repairDrift(
  database: Database,
  request: { readonly reportId: string; readonly locationIds?: readonly string[]; readonly dueSeconds: number },
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'repair_drift', { request, answer: answerSchema });
}
