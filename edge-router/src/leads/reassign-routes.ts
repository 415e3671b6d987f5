import { Hono, type Context } from 'hono';
import * as z from 'zod';
import type { AppEnv } from '../http/app-env.ts';
import { readJson } from '../http/body.ts';
import { createKeyedHash } from '../http/hash.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import { toProblem } from '../http/problem.ts';
import type { ParkingRetries } from '../jobs/parking-retries.ts';
import { isUuidv7 } from '../rules/ids.ts';
import { reassignInputSchema, reassignStoredLead, type ReassignRequest } from './reassign-lead.ts';
import type { LeadRouteDeps } from './routes.ts';

const BODY_LIMIT_BYTES = 16 * 1024;

/** The body of `POST /v1/leads/{id}/decline`. */
export const declineInputSchema = z.strictObject({
  reason: reassignInputSchema.shape.reason,
  locationId: z
    .uuid()
    .toLowerCase()
    .nullable()
    .default(null)
    .describe('who declines; refused when another location has the lead by now'),
});

/** `POST /v1/leads/:id/reassign` and `/decline`: the same rules again, without who has it or had it. */
export function createReassignRoutes({
  deps,
  directory,
  outbox,
  capacity,
  requireScope,
  parkingRetries,
}: LeadRouteDeps & { readonly parkingRetries: ParkingRetries }): Hono<AppEnv> {
  const deciding = { ...deps, directory, capacity, hashPerson: createKeyedHash(deps.config.personHashKey) };

  async function move(
    c: Context<AppEnv>,
    wish: Pick<ReassignRequest, 'input' | 'kind' | 'holderId'>,
  ): Promise<Response> {
    const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
    const leadId = (c.req.param('id') ?? '').toLowerCase();
    if (!isUuidv7(leadId)) return toProblem({ kind: 'not_found', what: 'lead' }, c.var.requestId);
    const key = readIdempotencyKey(c.req.header('idempotency-key'));
    if (!key.ok) return toProblem(key.error, c.var.requestId);
    const idempotencyKey = key.value === null ? null : { apiKeyId: c.var.apiKey.id, key: key.value };
    const reassigned = await reassignStoredLead(deciding, { ...wish, leadId, idempotencyKey }, background);
    if (!reassigned.ok) return toProblem(reassigned.error, c.var.requestId);
    const { lead, taken, freedLocationId } = reassigned.value;
    if (taken) capacity.notice(taken.locationId, taken.used);
    if (taken) directory.notice(taken.directoryVersion, background);
    if (freedLocationId) parkingRetries.offerSeat(freedLocationId, background);
    if (lead.moved && !lead.replayed) outbox.start(background);
    return c.json(lead, 200);
  }

  return new Hono<AppEnv>()
    .post('/:id/reassign', requireScope('leads:write'), async (c) => {
      const input = await readJson(c.req.raw, reassignInputSchema, BODY_LIMIT_BYTES);
      if (!input.ok) return toProblem(input.error, c.var.requestId);
      return move(c, { input: input.value, kind: 'reassigned', holderId: null });
    })
    .post('/:id/decline', requireScope('leads:write'), async (c) => {
      const body = await readJson(c.req.raw, declineInputSchema, BODY_LIMIT_BYTES);
      if (!body.ok) return toProblem(body.error, c.var.requestId);
      const { reason, locationId } = body.value;
      const input = { reason, exclude: [], whenNobody: 'park' as const };
      return move(c, { input, kind: 'declined', holderId: locationId });
    });
}
