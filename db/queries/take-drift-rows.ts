import * as z from 'zod';
import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';

const takenSchema = z.object({
  locationId: z.string(),
  status: z.enum(['pending', 'repairing']),
  tries: z.number(),
  findings: z.array(z.record(z.string(), z.unknown())),
  ghlLocationId: z.string().nullable(),
  /** Null: no run is left that says how the location ought to be. */
  runId: z.string().nullable(),
  /** The row of an open run may be ahead of the location's record. */
  runStatus: z.enum(['completed', 'open']).nullable(),
  row: z.unknown(),
});

export type TakenDriftRow = z.output<typeof takenSchema>;

/** Takes locations of a report that are due, for so many seconds. */
export function takeDriftRows(
  database: Database,
  request: { readonly reportId: string; readonly limit: number; readonly leaseSeconds: number },
): Promise<TakenDriftRow[]> {
  return callLedger(database, 'take_drift_rows', { request, answer: z.array(takenSchema) });
}
