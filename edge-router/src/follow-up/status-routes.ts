import { Hono } from 'hono';
import * as z from 'zod';
import { setLeadStage } from '../../../db/queries/set-lead-stage.ts';
import type { AppDeps } from '../deps.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { readJson } from '../http/body.ts';
import { hashText } from '../http/hash.ts';
import { toProblem } from '../http/problem.ts';
import type { OutboxDrain } from '../jobs/outbox.ts';
import { isUuidv7 } from '../rules/ids.ts';
import { toPlainText } from '../rules/plain-text.ts';

const BODY_LIMIT_BYTES = 16 * 1024;

/** The body of `POST /v1/leads/{id}/status`. */
export const leadStatusSchema = z.strictObject({
  status: z.enum(['contacted', 'won', 'lost']),
  reason: z
    .string()
    .max(500)
    .transform((text) => toPlainText(text))
    .nullable()
    .default(null)
    .describe('for the time line; nothing about a person'),
  locationId: z
    .uuid()
    .nullable()
    .default(null)
    .describe('who says so; refused when another location has the lead by now'),
});

export const leadStatusAnswerSchema = z.object({
  leadId: z.string(),
  changed: z.boolean().describe('false: the lead was as far, or farther, before'),
});

interface StatusRouteDeps {
  readonly deps: AppDeps;
  readonly outbox: OutboxDrain;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `POST /v1/leads/:id/status`: how a lead went on, said by whoever works on it outside HighLevel. */
export function createLeadStatusRoutes({ deps, outbox, requireScope }: StatusRouteDeps): Hono<AppEnv> {
  return new Hono<AppEnv>().post('/:id/status', requireScope('leads:write'), async (c) => {
    const body = await readJson(c.req.raw, leadStatusSchema, BODY_LIMIT_BYTES);
    if (!body.ok) return toProblem(body.error, c.var.requestId);
    const leadId = c.req.param('id').toLowerCase();
    if (!isUuidv7(leadId)) return toProblem({ kind: 'not_found', what: 'lead' }, c.var.requestId);
    const { status, reason, locationId } = body.value;
    const key = c.req.header('idempotency-key');
    const outcome = await setLeadStage(deps.database, {
      leadId,
      stage: status,
      happenedAt: new Date(deps.nowMs()).toISOString(),
      locationId,
      messageId: key === undefined ? `api-${deps.newId()}` : `api-${hashText(`${c.var.apiKey.id}\n${key}`)}`,
      detail: { by: 'api', ...(reason === null ? {} : { reason }) },
    });
    if (outcome === 'not_found') return toProblem({ kind: 'not_found', what: 'lead' }, c.var.requestId);
    if (outcome === 'elsewhere' || outcome === 'not_assigned') {
      const detail =
        outcome === 'elsewhere' ? 'Another location has the lead by now.' : 'The lead is with no location.';
      return toProblem({ kind: 'conflict', detail: `${detail} Nothing was written.` }, c.var.requestId);
    }
    if (outcome === 'set') outbox.start((work) => c.executionCtx.waitUntil(work));
    return c.json({ leadId, changed: outcome === 'set' });
  });
}
