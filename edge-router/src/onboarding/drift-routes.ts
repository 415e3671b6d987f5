import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { createDriftReport } from '../../../db/queries/create-drift-report.ts';
import { driftReportRowSchema, driftStatusSchema, type DriftReportRow } from '../../../db/queries/drift-report-row.ts';
import { findDriftReport } from '../../../db/queries/find-drift-report.ts';
import { listDriftReports } from '../../../db/queries/list-drift-reports.ts';
import { listDriftRows } from '../../../db/queries/list-drift-rows.ts';
import { repairDrift } from '../../../db/queries/repair-drift.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import { isUuid } from '../rules/ids.ts';
import type { BatchRouteDeps } from './batch-routes.ts';
import { DRIFT_DUE_SECONDS, sendDriftMessage } from './drift-messages.ts';
import { readSettings } from './read-settings.ts';

const BODY_LIMIT_BYTES = 512 * 1024;
const MAX_LOCATIONS = 100_000;
const MAX_NAMED = 10_000;

const locationIds = z.array(z.uuid()).min(1).max(MAX_NAMED).optional();
export const driftBodySchema = z.strictObject({
  locationIds: locationIds.describe('all active locations that a run has brought on when left out'),
});
export const repairBodySchema = z.strictObject({
  locationIds: locationIds.describe('of those that drifted; all of them when left out'),
});
export const driftReportsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.uuid().optional(),
});
export const driftRowsQuerySchema = z.strictObject({
  status: driftStatusSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.uuid().optional(),
});

/** A report as the API shows it. */
export const shownDriftReportSchema = driftReportRowSchema.omit({ turn: true, counts: true }).extend({
  total: z.int(),
  counts: z.record(driftStatusSchema, z.int()).describe('locations; `unchecked` could not be looked at'),
});

function showReport({ counts, ...report }: DriftReportRow): z.output<typeof shownDriftReportSchema> {
  const all = Object.fromEntries(driftStatusSchema.options.map((status) => [status, counts[status] ?? 0]));
  const total = Object.values(all).reduce((sum, count) => sum + count, 0);
  return shownDriftReportSchema.parse({ ...report, total, counts: all });
}

/** `/v1/onboarding/drift`: whether what was brought on is still as it should be, and its repair. */
export function createDriftRoutes({ batches: deps, requireScope }: BatchRouteDeps): Hono<AppEnv> {
  const fail = (c: Context<AppEnv>, error: ApiError): Response => toProblem(error, c.var.requestId);
  const find = (id: string) => (isUuid(id.toLowerCase()) ? findDriftReport(deps.database, id.toLowerCase()) : null);
  return new Hono<AppEnv>()
    .post('/', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, driftBodySchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      const settings = await readSettings(deps);
      if (!settings.ok) return fail(c, settings.error);
      const named = body.value.locationIds ? { locationIds: body.value.locationIds } : {};
      const request = { reportId: deps.newId(), limit: MAX_LOCATIONS, dueSeconds: DRIFT_DUE_SECONDS, ...named };
      const report = await createDriftReport(deps.database, { ...request, kind: 'asked' });
      if (!report) throw new Error('a report that was asked for was not made');
      if (report.status === 'running') await sendDriftMessage(deps, { ...report, delaySeconds: 0 });
      return c.json(showReport(report), 202, { location: `/v1/onboarding/drift/${report.reportId}` });
    })
    .get('/', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(driftReportsQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const { limit, cursor = null } = query.value;
      const page = await listDriftReports(deps.database, { limit, cursor });
      return c.json({ ...page, items: page.items.map(showReport) });
    })
    .get('/:id', requireScope('onboarding:read'), async (c) => {
      const report = await find(c.req.param('id'));
      return report ? c.json(showReport(report)) : fail(c, noReport);
    })
    .get('/:id/rows', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(driftRowsQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const report = await find(c.req.param('id'));
      if (!report) return fail(c, noReport);
      const { status = null, cursor = null, limit } = query.value;
      return c.json(await listDriftRows(deps.database, { reportId: report.reportId, status, cursor, limit }));
    })
    .post('/:id/repair', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, repairBodySchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      const reportId = c.req.param('id').toLowerCase();
      const named = body.value.locationIds ? { locationIds: body.value.locationIds } : {};
      const asked = isUuid(reportId)
        ? await repairDrift(deps.database, { reportId, dueSeconds: DRIFT_DUE_SECONDS, ...named })
        : null;
      if (!asked) return fail(c, noReport);
      if (asked.asked === 0) return fail(c, { kind: 'conflict', detail: 'None of these locations has drifted.' });
      await sendDriftMessage(deps, { reportId, turn: asked.turn, delaySeconds: 0 });
      const report = await findDriftReport(deps.database, reportId);
      return report ? c.json(showReport(report), 202) : fail(c, noReport);
    });
}

const noReport = { kind: 'not_found', what: 'drift report' } as const;
