import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { deleteMapping } from '../../../db/queries/delete-mapping.ts';
import { findMapping } from '../../../db/queries/find-mapping.ts';
import { listMappings } from '../../../db/queries/list-mappings.ts';
import { saveMapping } from '../../../db/queries/save-mapping.ts';
import type { AppEnv } from '../http/app-env.ts';
import { invalidInput, parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { describeUnknownTarget } from './create-plan.ts';
import { emailRuleSchema, mappingColumnsSchema, mappingNameSchema } from './plan-request.ts';
import type { OnboardingRouteDeps } from './plan-routes.ts';
import { findUnknownTargets } from './rules/choose-mapping.ts';

const MAPPING_BODY_LIMIT_BYTES = 128 * 1024;

export const mappingBodySchema = z.strictObject({
  columns: mappingColumnsSchema,
  emailRule: emailRuleSchema.nullable().default(null),
});
export const mappingsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: mappingNameSchema.optional(),
});

/** `/v1/onboarding/mappings`: how a brand's own headings are read, by name. */
export function createMappingRoutes({ deps, requireScope }: OnboardingRouteDeps): Hono<AppEnv> {
  const notFound = (c: Context<AppEnv>): Response => toProblem({ kind: 'not_found', what: 'mapping' }, c.var.requestId);
  return new Hono<AppEnv>()
    .get('/', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(mappingsQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { limit, cursor = null } = query.value;
      return c.json(await listMappings(deps.database, { limit, cursor }));
    })
    .get('/:name', requireScope('onboarding:read'), async (c) => {
      const found = await findMapping(deps.database, c.req.param('name'));
      return found ? c.json(found) : notFound(c);
    })
    .put('/:name', requireScope('onboarding:write'), async (c) => {
      const name = parseInput(z.object({ name: mappingNameSchema }), c.req.param());
      if (!name.ok) return toProblem(name.error, c.var.requestId);
      const body = await readJson(c.req.raw, mappingBodySchema, MAPPING_BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const unknown = findUnknownTargets(body.value.columns);
      if (unknown.length > 0) return toProblem(invalidInput(unknown.map(describeUnknownTarget)), c.var.requestId);
      return c.json(await saveMapping(deps.database, { ...name.value, ...body.value }));
    })
    .delete('/:name', requireScope('onboarding:write'), async (c) => {
      const isDeleted = await deleteMapping(deps.database, c.req.param('name'));
      return isDeleted ? c.body(null, 204) : notFound(c);
    });
}
