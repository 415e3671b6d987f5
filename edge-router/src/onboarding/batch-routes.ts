import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { changeOnboardingBatch, type BatchChange } from '../../../db/queries/change-onboarding-batch.ts';
import { findOnboardingBatch } from '../../../db/queries/find-onboarding-batch.ts';
import { listOnboardingBatches } from '../../../db/queries/list-onboarding-batches.ts';
import { listOnboardingBatchRows } from '../../../db/queries/list-onboarding-batch-rows.ts';
import { batchRowStatusSchema, type OnboardingBatchRow } from '../../../db/queries/onboarding-batch-row.ts';
import { readFailedBatchRows } from '../../../db/queries/read-failed-batch-rows.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import { isUuid } from '../rules/ids.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { streamBatch } from './batch-stream.ts';
import { createBatch } from './create-batch.ts';
import type { BatchDeps } from './onboard-row.ts';
import { sendClaimed } from './row-messages.ts';
import { writeFailedRowsCsv } from './rules/failed-rows-csv.ts';
import { onboardingRowSchema } from './rules/onboarding-row.ts';
import { showBatch, type ShownBatch } from './shown-batch.ts';
import { slotRules } from './slot-rules.ts';

const BODY_LIMIT_BYTES = 256 * 1024;
const MAX_NAMED_ROWS = 10_000;

export const createBatchSchema = z.strictObject({
  planId: z.uuid(),
  name: z.string().trim().min(1).max(200).optional().describe('for people; the time of the plan when left out'),
  onFailure: z
    .enum(['keep', 'roll_back'])
    .default('keep')
    .describe('whether a row that failed stays as far as it came, to be retried, or is rolled back'),
});
export const batchesQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.uuid().optional(),
});
export const batchRowsQuerySchema = z.strictObject({
  status: batchRowStatusSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.coerce.number().int().min(0).default(0),
});
export const retrySchema = z.strictObject({
  rows: z
    .array(z.int().min(1))
    .min(1)
    .max(MAX_NAMED_ROWS)
    .optional()
    .describe('row numbers; all that failed or were cancelled when left out'),
});
export const rollBackBatchSchema = z.strictObject({
  rows: z
    .enum(['unfinished', 'all'])
    .describe('`unfinished` leaves the locations alone that were brought on; `all` takes them back too'),
});

export interface BatchRouteDeps {
  readonly batches: BatchDeps;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/onboarding/batches`: all rows of a plan at once. */
export function createBatchRoutes({ batches: deps, requireScope }: BatchRouteDeps): Hono<AppEnv> {
  const fail = (c: Context<AppEnv>, error: ApiError): Response => toProblem(error, c.var.requestId);
  const find = async (c: Context<AppEnv>): Promise<OnboardingBatchRow | null> => {
    const id = c.req.param('id')?.toLowerCase() ?? '';
    return isUuid(id) ? findOnboardingBatch(deps.database, id) : null;
  };
  const change = async (c: Context<AppEnv>, wanted: BatchChange): Promise<Response> => {
    const id = c.req.param('id')?.toLowerCase() ?? '';
    const changed = isUuid(id) ? await changeBatch(deps, id, wanted) : err(noBatch);
    return changed.ok ? c.json(changed.value) : fail(c, changed.error);
  };
  return new Hono<AppEnv>()
    .post('/', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, createBatchSchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      const { planId, name = null, onFailure } = body.value;
      const made = await createBatch(deps, { planId, name, onFailure });
      if (!made.ok) return fail(c, made.error);
      const { batch, isNew } = made.value;
      return c.json(batch, isNew ? 201 : 200, { location: `/v1/onboarding/batches/${batch.batchId}` });
    })
    .get('/', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(batchesQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const { limit, cursor = null } = query.value;
      const page = await listOnboardingBatches(deps.database, { limit, cursor });
      return c.json({ ...page, items: page.items.map(showBatch) });
    })
    .get('/:id', requireScope('onboarding:read'), async (c) => {
      const batch = await find(c);
      return batch ? c.json(showBatch(batch)) : fail(c, noBatch);
    })
    .get('/:id/rows', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(batchRowsQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const batch = await find(c);
      if (!batch) return fail(c, noBatch);
      const { limit, cursor, status = null } = query.value;
      const asked = { batchId: batch.batchId, status, afterRow: cursor, limit: limit + 1 };
      const rows = await listOnboardingBatchRows(deps.database, asked);
      const items = rows.slice(0, limit);
      return c.json({ items, nextCursor: rows.length > limit ? String(items.at(-1)?.row) : null });
    })
    .get('/:id/errors.csv', requireScope('onboarding:read'), async (c) => {
      const batch = await find(c);
      if (!batch) return fail(c, noBatch);
      const failed = await readFailedBatchRows(deps.database, batch.batchId);
      const rows = failed.map(({ input, error }) => ({ row: onboardingRowSchema.parse(input), error }));
      return c.body(writeFailedRowsCsv(rows), 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="errors-${batch.batchId}.csv"`,
        'x-content-type-options': 'nosniff',
      });
    })
    .get('/:id/events', requireScope('onboarding:read'), async (c) => {
      const batch = await find(c);
      if (!batch) return fail(c, noBatch);
      const lastId = Number(c.req.header('last-event-id') ?? 'none');
      const after = Number.isSafeInteger(lastId) && lastId >= 0 ? lastId : null;
      return streamSSE(
        c,
        (stream) => streamBatch(deps, stream, { batchId: batch.batchId, after }),
        async (error) => deps.log({ event: 'batch_stream_failed', batchId: batch.batchId, error }),
      );
    })
    .post('/:id/pause', requireScope('onboarding:write'), (c) => change(c, { action: 'pause' }))
    .post('/:id/resume', requireScope('onboarding:write'), (c) => change(c, { action: 'resume' }))
    .post('/:id/cancel', requireScope('onboarding:write'), (c) => change(c, { action: 'cancel' }))
    .post('/:id/retry', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, retrySchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      const { rows } = body.value;
      return change(c, { action: 'retry', ...(rows ? { rows } : {}) });
    })
    .post('/:id/roll-back', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, rollBackBatchSchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      return change(c, { action: 'roll_back', which: body.value.rows });
    });
}

const noBatch = { kind: 'not_found', what: 'onboarding batch' } as const;

async function changeBatch(
  deps: BatchDeps,
  batchId: string,
  wanted: BatchChange,
): Promise<Result<ShownBatch, ApiError>> {
  const changed = await changeOnboardingBatch(deps.database, { ...wanted, ...slotRules(deps), batchId });
  switch (changed.status) {
    case 'changed':
      await sendClaimed(deps, changed.claimed);
      return ok(showBatch(changed.batch));
    case 'refused':
      return err({ kind: 'conflict', detail: `This batch is ${changed.batch.status}: ${refusals[wanted.action]}` });
    case 'not_found':
      return err(noBatch);
  }
}

const refusals: Readonly<Record<BatchChange['action'], string>> = {
  pause: 'there is nothing to pause.',
  resume: 'it was not paused.',
  cancel: 'there is nothing left to cancel; roll-back takes back what was done.',
  retry: 'none of its rows, or of those that you named, failed or was cancelled.',
  roll_back: 'none of its rows is left to roll back.',
};
