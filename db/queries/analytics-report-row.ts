import { sql } from 'drizzle-orm';
import * as z from 'zod';

export const analyticsReportSchema = z.object({
  reportId: z.string(),
  from: z.string(),
  to: z.string(),
  /** Null is all. */
  locationIds: z.array(z.string()).nullable(),
  locations: z.int(),
  status: z.enum(['running', 'finished', 'failed']),
  slices: z.int(),
  /** The number of the next slice: so many are done. */
  slice: z.int(),
  replicaLagSeconds: z.number().nullable(),
  error: z.string().nullable(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
});

export type AnalyticsReport = z.output<typeof analyticsReportSchema>;

/** The select list that `analyticsReportSchema` parses as `report`, over `analytics_reports`. */
export const analyticsReportColumns = sql.raw(`jsonb_build_object('reportId', id, 'from', from_day, 'to', to_day,
  'locationIds', location_ids, 'locations', locations, 'status', status, 'slices', slices, 'slice', slice,
  'replicaLagSeconds', replica_lag_seconds, 'error', error, 'createdAt', created_at, 'endedAt', ended_at) as report`);
