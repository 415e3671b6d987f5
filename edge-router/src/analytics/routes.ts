import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { readLocationPerformance } from '../../../db/queries/read-location-performance.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput } from '../http/body.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import type { ReportReader } from './report-reader.ts';
import { locationIdsSchema } from './rules/location-ids.ts';

export const realtimeQuerySchema = z.strictObject({
  locationIds: locationIdsSchema.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: z.uuid().optional(),
});

export interface AnalyticsRouteDeps {
  readonly reports: ReportReader;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/analytics`: how locations do, counted from their leads. */
export function createAnalyticsRoutes({ reports, requireScope }: AnalyticsRouteDeps): Hono<AppEnv> {
  const fail = (c: Context<AppEnv>, error: ApiError): Response => toProblem(error, c.var.requestId);
  return new Hono<AppEnv>().get('/realtime', requireScope('analytics:read'), async (c) => {
    const query = parseInput(realtimeQuerySchema, c.req.query());
    if (!query.ok) return fail(c, query.error);
    const { locationIds = null, limit, cursor = null } = query.value;
    const ask = { locationIds, limit, cursor };
    const { value, ...from } = await reports.read((database) => readLocationPerformance(database, ask));
    return c.json({ ...value, ...from });
  });
}
