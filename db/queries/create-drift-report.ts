import type { Database } from '../database.ts';
import { callLedger } from './call-ledger.ts';
import { driftReportRowSchema, type DriftReportRow } from './drift-report-row.ts';

export interface CreateDriftReportRequest {
  readonly reportId: string;
  readonly kind: 'asked' | 'nightly';
  /** All that are active and were brought on by a run where it is left out. */
  readonly locationIds?: readonly string[];
  readonly limit: number;
  /** Until the minute's Cron takes it up when nobody has gone on with it. */
  readonly dueSeconds: number;
}

/** Begins a report. Null: the last nightly one is still under way. */
export function createDriftReport(
  database: Database,
  request: CreateDriftReportRequest,
): Promise<DriftReportRow | null> {
  return callLedger(database, 'create_drift_report', { request, answer: driftReportRowSchema.nullable() });
}
