import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { deleteSubscriptions } from '../../../db/queries/delete-subscriptions.ts';
import { findSubscription } from '../../../db/queries/find-subscription.ts';
import { listSubscriptions } from '../../../db/queries/list-subscriptions.ts';
import { saveSubscription } from '../../../db/queries/save-subscription.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { invalidInput, parseInput, readJson } from '../http/body.ts';
import { toProblem } from '../http/problem.ts';
import { isUuid } from '../rules/ids.ts';
import { redeliver } from './redeliver.ts';
import { topics } from './rules/event.ts';
import { makeSecret } from './rules/signature.ts';
import { checkTargetUrl } from './rules/target-url.ts';

const BODY_LIMIT_BYTES = 16 * 1024;
const MAX_SUBSCRIPTIONS = 1000;
/** One for a single event is that of somebody who waits; nobody waits longer. */
const ONCE_LIVES_SECONDS = 7 * 24 * 60 * 60;
const MAX_FILTERS = 5;

export const subscriptionBodySchema = z.strictObject({
  targetUrl: z.string().describe('where events are posted to: https, with a public name'),
  topics: z
    .array(z.enum(topics))
    .min(1)
    .max(topics.length)
    .transform((names) => [...new Set(names)]),
  filter: z
    .record(z.string().regex(/^[a-z][A-Za-z]{0,39}$/), z.string().max(200))
    .refine((filter) => Object.keys(filter).length <= MAX_FILTERS, { error: `at most ${MAX_FILTERS}` })
    .default({})
    .describe('ids that an event must have, such as `batchId`'),
  once: z.boolean().default(false).describe('ends with the first event; after a week in any case'),
});

export const subscriptionListQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.uuid().optional(),
});

interface SubscriptionRouteDeps {
  readonly deps: AppDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/subscriptions`: who is told of what. The secret is answered to whoever creates one, and to nobody later. */
export function createSubscriptionRoutes({ deps, requireScope }: SubscriptionRouteDeps): Hono<AppEnv> {
  const { publicUrl, eventSigningKey, allowPrivateTargets } = deps.config;
  const targetRules = { allowsPrivate: allowPrivateTargets, ownHost: new URL(publicUrl).host };
  const notFound = (c: Context<AppEnv>): Response =>
    toProblem({ kind: 'not_found', what: 'subscription' }, c.var.requestId);
  return new Hono<AppEnv>()
    .post('/', requireScope('subscriptions:write'), async (c) => {
      const body = await readJson(c.req.raw, subscriptionBodySchema, BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const target = checkTargetUrl(body.value.targetUrl, targetRules);
      if (!target.ok) {
        const error = { field: 'targetUrl', code: 'invalid_target', message: target.error };
        return toProblem(invalidInput([error]), c.var.requestId);
      }
      const saved = await saveSubscription(deps.database, {
        ...body.value,
        id: deps.newId(),
        targetUrl: target.value,
        livesSeconds: body.value.once ? ONCE_LIVES_SECONDS : null,
        maxSubscriptions: MAX_SUBSCRIPTIONS,
      });
      if (!saved) {
        const detail = `There are ${MAX_SUBSCRIPTIONS} subscriptions: delete those that nobody needs.`;
        return toProblem({ kind: 'conflict', detail }, c.var.requestId);
      }
      const { subscription, created } = saved;
      const secret = makeSecret(eventSigningKey, subscription.subscriptionId);
      const headers = { location: `/v1/subscriptions/${subscription.subscriptionId}` };
      return c.json({ ...subscription, secret }, created ? 201 : 200, headers);
    })
    .get('/', requireScope('subscriptions:read'), async (c) => {
      const query = parseInput(subscriptionListQuerySchema, c.req.query());
      if (!query.ok) return toProblem(query.error, c.var.requestId);
      const { limit, cursor = null } = query.value;
      return c.json(await listSubscriptions(deps.database, { limit, cursor }));
    })
    .get('/:id', requireScope('subscriptions:read'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const found = isUuid(id) ? await findSubscription(deps.database, id) : null;
      return found ? c.json(found) : notFound(c);
    })
    .delete('/:id', requireScope('subscriptions:write'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const deleted = isUuid(id) ? await deleteSubscriptions(deps.database, [id]) : 0;
      return deleted > 0 ? c.json({ deleted: true }) : notFound(c);
    })
    .post('/:id/redeliver', requireScope('subscriptions:write'), async (c) => {
      const id = c.req.param('id').toLowerCase();
      const redelivered = isUuid(id) ? await redeliver(deps, id) : null;
      return redelivered ? c.json(redelivered) : notFound(c);
    });
}
