import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { findAnalyticsReport } from '../../../db/queries/find-analytics-report.ts';
import { readLocationPerformance } from '../../../db/queries/read-location-performance.ts';
import { readReportRows } from '../../../db/queries/read-report-rows.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput } from '../http/body.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import { isUuid } from '../rules/ids.ts';
import { askReport } from './ask-report.ts';
import type { ReportDeps } from './report-deps.ts';
import { locationIdsSchema } from './rules/location-ids.ts';
import { countDays } from './rules/report-slices.ts';
import { readDayCursor, showReport, showRows } from './shown-report.ts';

const MAX_DAYS = 1100;

export const realtimeQuerySchema = z.strictObject({
  locationIds: locationIdsSchema.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: z.uuid().optional(),
});

const limit = z.coerce.number().int().min(1).max(2000).default(500);
const cursor = z
  .string()
  .transform(readDayCursor)
  .refine((after) => after !== null && isUuid(after.locationId) && isDay(after.day), {
    error: 'not a cursor that a page gave',
  })
  .optional();
const day = z.iso.date({ error: 'a day, such as 2026-03-31' }).refine((text) => text >= '2000-01-01', {
  error: 'not before 2000',
});
const daysSchema = z.looseObject({ from: day, to: day });
/** Told beside what is wrong elsewhere. */
const whenDays = { when: ({ value }: { value: unknown }) => daysSchema.safeParse(value).success };

export const locationDaysQuerySchema = z
  .strictObject({
    from: day.describe('the first day, each location’s own'),
    to: day.describe('the last day, which is included'),
    locationIds: locationIdsSchema.optional(),
    limit,
    cursor,
  })
  .refine(({ from, to }) => to >= from, { path: ['to'], error: 'not before from', ...whenDays })
  .refine((days) => countDays(days) <= MAX_DAYS, {
    path: ['to'],
    error: `at most ${MAX_DAYS} days in all`,
    ...whenDays,
  });
export const reportQuerySchema = z.strictObject({ limit, cursor });

export interface AnalyticsRouteDeps {
  readonly deps: ReportDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/analytics`: how locations do, counted from their leads. */
export function createAnalyticsRoutes({ deps, requireScope }: AnalyticsRouteDeps): Hono<AppEnv> {
  const fail = (c: Context<AppEnv>, error: ApiError): Response => toProblem(error, c.var.requestId);
  return new Hono<AppEnv>()
    .get('/realtime', requireScope('analytics:read'), async (c) => {
      const query = parseInput(realtimeQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const { locationIds = null, limit, cursor = null } = query.value;
      const ask = { locationIds, limit, cursor };
      const { value, ...from } = await deps.reports.read((database) => readLocationPerformance(database, ask));
      return c.json({ ...value, ...from });
    })
    .get('/locations', requireScope('analytics:read'), async (c) => {
      const query = parseInput(locationDaysQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const { locationIds = null, cursor: after = null, ...rest } = query.value;
      const asked = await askReport(deps, { ...rest, locationIds, after });
      if (!asked.ok) return fail(c, asked.error);
      if (asked.value.kind === 'counted') {
        const { value, ...from } = asked.value.answer;
        return c.json({ ...value, ...from, report: null });
      }
      const report = showReport(asked.value.report);
      if (report.status !== 'finished') return c.json({ report }, 202, { location: report.url });
      const page = await readPage(deps, { reportId: report.id, after, limit: rest.limit });
      return c.json({ ...page, servedBy: 'primary', replicaLagSeconds: report.replicaLagSeconds, report });
    })
    .get('/reports/:id', requireScope('analytics:read'), async (c) => {
      const query = parseInput(reportQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const id = c.req.param('id').toLowerCase();
      const report = isUuid(id) ? await findAnalyticsReport(deps.database, id) : null;
      if (!report) return fail(c, { kind: 'not_found', what: 'report' });
      const { cursor: after = null, limit } = query.value;
      const isOver = report.status === 'finished';
      const page = isOver ? await readPage(deps, { reportId: id, after, limit }) : { items: [], nextCursor: null };
      return c.json({ report: showReport(report), ...page });
    });
}

function isDay(text: string): boolean {
  return z.iso.date().safeParse(text).success;
}

/** From the primary: what was kept a moment ago is there. */
async function readPage(
  { database }: Pick<ReportDeps, 'database'>,
  ask: Parameters<typeof readReportRows>[1],
): ReturnType<typeof showRows> {
  const rows = await readReportRows(database, { ...ask, limit: ask.limit + 1 });
  return showRows(database, { rows, limit: ask.limit });
}
