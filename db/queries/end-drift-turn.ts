import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';

/** What became of a location; `pending` and `repairing` are looked at again after `delaySeconds`. */
export interface DriftOutcome {
  readonly locationId: string;
  readonly status: 'pending' | 'ok' | 'drifted' | 'unchecked' | 'repairing' | 'repaired';
  /** Left out: as they were. */
  readonly findings?: readonly object[];
  readonly error?: object;
  readonly delaySeconds?: number;
}

const answerSchema = z.object({
  finished: z.boolean(),
  /** The next message; null when the report is over, or another message goes on with it. */
  next: z.object({ turn: z.number(), delaySeconds: z.coerce.number().nullable() }).nullable(),
});

/** Writes down what a turn found. */
export function endDriftTurn(
  database: Database,
  request: {
    readonly reportId: string;
    readonly turn: number;
    readonly rows: readonly DriftOutcome[];
    readonly dueSeconds: number;
  },
): Promise<z.output<typeof answerSchema>> {
  return callLedger(database, 'end_drift_turn', { request, answer: answerSchema });
}
