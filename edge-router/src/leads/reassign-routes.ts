import { Hono } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import { readJson } from '../http/body.ts';
import { createKeyedHash } from '../http/hash.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import { toProblem } from '../http/problem.ts';
import type { ParkingRetries } from '../jobs/parking-retries.ts';
import { isUuidv7 } from '../rules/ids.ts';
import { reassignInputSchema, reassignStoredLead } from './reassign-lead.ts';
import type { LeadRouteDeps } from './routes.ts';

const BODY_LIMIT_BYTES = 16 * 1024;

/** `POST /v1/leads/:id/reassign`: the same rules again, without who has it or had it. */
export function createReassignRoutes({
  deps,
  directory,
  outbox,
  capacity,
  requireScope,
  parkingRetries,
}: LeadRouteDeps & { readonly parkingRetries: ParkingRetries }): Hono<AppEnv> {
  const deciding = { ...deps, directory, capacity, hashPerson: createKeyedHash(deps.config.personHashKey) };
  return new Hono<AppEnv>().post('/:id/reassign', requireScope('leads:write'), async (c) => {
    const background = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
    const input = await readJson(c.req.raw, reassignInputSchema, BODY_LIMIT_BYTES);
    if (!input.ok) return toProblem(input.error, c.var.requestId);
    const leadId = c.req.param('id').toLowerCase();
    if (!isUuidv7(leadId)) return toProblem({ kind: 'not_found', what: 'lead' }, c.var.requestId);
    const key = readIdempotencyKey(c.req.header('idempotency-key'));
    if (!key.ok) return toProblem(key.error, c.var.requestId);
    const idempotencyKey = key.value === null ? null : { apiKeyId: c.var.apiKey.id, key: key.value };
    const reassigned = await reassignStoredLead(deciding, { leadId, input: input.value, idempotencyKey }, background);
    if (!reassigned.ok) return toProblem(reassigned.error, c.var.requestId);
    const { lead, taken, freedLocationId } = reassigned.value;
    if (taken) capacity.notice(taken.locationId, taken.used);
    if (taken) directory.notice(taken.directoryVersion, background);
    if (freedLocationId) parkingRetries.offerSeat(freedLocationId, background);
    if (lead.moved && !lead.replayed) outbox.start(background);
    return c.json(lead, 200);
  });
}
