import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { findPlan } from '../../../db/queries/find-plan.ts';
import { readBadPlanRows } from '../../../db/queries/read-bad-plan-rows.ts';
import { readPlanRows } from '../../../db/queries/read-plan-rows.ts';
import { restartGeocoding } from '../../../db/queries/restart-geocoding.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { locationColumns } from '../locations/rules/location-columns.ts';
import { isUuid } from '../rules/ids.ts';
import { createPlan } from './create-plan.ts';
import { geocodeAddresses, geocodeBodySchema } from './geocode-addresses.ts';
import { askForGeocoding, GEOCODING_LEASE_SECONDS } from './geocoding-message.ts';
import { readPlanRequest } from './plan-request.ts';
import { writeErrorsCsv } from './rules/errors-csv.ts';
import { showPlan } from './shown-plan.ts';
import { showPlanRow } from './shown-plan-row.ts';

const GEOCODE_BODY_LIMIT_BYTES = 1024 * 1024;

export const planRowsQuerySchema = z.strictObject({
  action: z.enum(['create', 'update', 'skip', 'invalid']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.coerce.number().int().min(0).default(0),
});

export interface OnboardingRouteDeps {
  readonly deps: AppDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/onboarding`: plans and what they need. Nothing here writes a location or calls HighLevel. */
export function createPlanRoutes({ deps, requireScope }: OnboardingRouteDeps): Hono<AppEnv> {
  const notFound = (c: Context<AppEnv>): Response => toProblem({ kind: 'not_found', what: 'plan' }, c.var.requestId);
  const findAsked = (id: string) => (isUuid(id) ? findPlan(deps.database, id) : null);
  return new Hono<AppEnv>()
    .post('/plan', requireScope('onboarding:write'), async (c) => {
      const request = await readPlanRequest(c.req.raw, c.req.query());
      if (!request.ok) return toProblem(request.error, c.var.requestId);
      const plan = await createPlan(deps, request.value);
      if (!plan.ok) return toProblem(plan.error, c.var.requestId);
      const { id, geocoding } = plan.value;
      if (geocoding.status === 'pending') {
        c.executionCtx.waitUntil(askForGeocoding(deps, { planId: id, step: 'first' }));
      }
      return c.json(plan.value, 201, { location: `/v1/onboarding/plans/${id}` });
    })
    .get('/plans/:id', requireScope('onboarding:read'), async (c) => {
      const plan = await findAsked(c.req.param('id'));
      return plan ? c.json(showPlan(plan)) : notFound(c);
    })
    .get('/plans/:id/rows', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(planRowsQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { action, limit, cursor } = query.value;
      const plan = await findAsked(c.req.param('id'));
      if (!plan) return notFound(c);
      const slice = { planId: plan.id, afterRow: cursor, limit: limit + 1, actions: action ? [action] : null };
      const rows = await readPlanRows(deps.database, slice);
      const items = rows.slice(0, limit).map(showPlanRow);
      const last = items.at(-1)?.row;
      return c.json({ items, nextCursor: rows.length > limit && last !== undefined ? String(last) : null });
    })
    .get('/plans/:id/errors.csv', requireScope('onboarding:read'), async (c) => {
      const plan = await findAsked(c.req.param('id'));
      if (!plan) return notFound(c);
      const { columns } = showPlan(plan);
      const used = locationColumns.map(({ key }) => key).filter((key) => columns.includes(key));
      return c.body(writeErrorsCsv(await readBadPlanRows(deps.database, plan.id), used), 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="errors-${plan.id}.csv"`,
        'x-content-type-options': 'nosniff',
      });
    })
    .post('/geocode', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, geocodeBodySchema, GEOCODE_BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      if ('addresses' in body.value) return c.json(await geocodeAddresses(deps, body.value.addresses));
      const { planId } = body.value;
      const waiting = await restartGeocoding(deps.database, { planId, leaseSeconds: GEOCODING_LEASE_SECONDS });
      if (waiting === null) return notFound(c);
      if (waiting > 0) await askForGeocoding(deps, { planId, step: `asked-${deps.newId()}` });
      return c.json({ planId, waiting }, 202);
    });
}
