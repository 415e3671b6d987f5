import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { findDelivery } from '../../../db/queries/find-delivery.ts';
import { listDeliveries } from '../../../db/queries/list-deliveries.ts';
import { redriveDeliveries } from '../../../db/queries/redrive-deliveries.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { isUuid } from '../rules/ids.ts';
import { sendDeliveryMessages } from './delivery-messages.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
const MAX_REDRIVEN = 1000;

export const deliveryListQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.uuid().nullable().default(null),
  status: z.enum(['pending', 'delivered', 'failed', 'withdrawing', 'withdrawn', 'cancelled']).nullable().default(null),
  locationId: z.uuid().nullable().default(null),
  leadId: z.uuid().nullable().default(null),
});

export const redriveBodySchema = z.strictObject({
  deliveryIds: z
    .array(z.uuid())
    .min(1)
    .max(MAX_REDRIVEN)
    .nullable()
    .default(null)
    .describe('these; all that failed where it is left out'),
  locationId: z.uuid().nullable().default(null).describe('of this location only'),
  limit: z.int().min(1).max(MAX_REDRIVEN).default(MAX_REDRIVEN),
});

interface DeliveryRouteDeps {
  readonly deps: AppDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/deliveries`: how leads came into their sub-accounts, and another try for those that did not. */
export function createDeliveryRoutes({ deps, requireScope }: DeliveryRouteDeps): Hono<AppEnv> {
  const notFound = (c: Context<AppEnv>): Response =>
    toProblem({ kind: 'not_found', what: 'delivery' }, c.var.requestId);
  return new Hono<AppEnv>()
    .get('/', requireScope('leads:read'), async (c) => {
      const query = parseInput(deliveryListQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      return c.json(await listDeliveries(deps.database, query.value));
    })
    .post('/redrive', requireScope('leads:write'), async (c) => {
      const body = await readJson(c.req.raw, redriveBodySchema, BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const { deliveryIds, locationId, limit } = body.value;
      const redriven = await redriveDeliveries(deps.database, { ids: deliveryIds, locationId, limit });
      await sendDeliveryMessages(deps, redriven);
      return c.json({ redriven: redriven.length }, 202);
    })
    .get('/:id', requireScope('leads:read'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const found = isUuid(id) ? await findDelivery(deps.database, id) : null;
      return found ? c.json(found) : notFound(c);
    })
    .post('/:id/redrive', requireScope('leads:write'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const found = isUuid(id) ? await findDelivery(deps.database, id) : null;
      if (!found) return notFound(c);
      const redriven = await redriveDeliveries(deps.database, { ids: [id], locationId: null, limit: 1 });
      await sendDeliveryMessages(deps, redriven);
      const now = (await findDelivery(deps.database, id)) ?? found;
      if (redriven.length > 0) return c.json(now, 202);
      // Whoever asks twice is told how it is.
      if (now.status === 'pending' || now.status === 'withdrawing') return c.json(now, 202);
      const detail = `The delivery is ${now.status}: only one that failed can be redriven.`;
      return toProblem({ kind: 'conflict', detail }, c.var.requestId);
    });
}
