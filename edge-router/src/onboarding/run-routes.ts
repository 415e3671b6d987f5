import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { findOnboardingRun } from '../../../db/queries/find-onboarding-run.ts';
import { listOnboardingEvents } from '../../../db/queries/list-onboarding-events.ts';
import type { createScopeGuard } from '../http/api-key.ts';
import type { AppEnv } from '../http/app-env.ts';
import { parseInput, readJson } from '../http/body.ts';
import { toProblem, type ApiError } from '../http/problem.ts';
import type { OutboxDrain } from '../jobs/outbox.ts';
import { isUuid } from '../rules/ids.ts';
import { correctRow } from './correct-row.ts';
import type { OnboardingDeps } from './deps.ts';
import { openRun } from './open-run.ts';
import { readRunRow } from './read-run-row.ts';
import { rollBack } from './roll-back.ts';
import { isStepName } from './rules/steps.ts';
import { runStep } from './run-step.ts';
import { showRun } from './show-run.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

const rowSchema = z
  .record(z.string(), z.unknown())
  .describe('a location’s row: the standard columns in any spelling, or as a plan answers it');

export const openRunSchema = z.strictObject({
  batch: z.string().trim().min(1).max(200).describe('a name that you choose: the same batch and row is the same run'),
  rowKey: z.string().min(1).max(200).optional().describe('if given, it has to be the row’s'),
  row: rowSchema,
});
export const correctRowSchema = z.strictObject({ row: rowSchema });
export const stepQuerySchema = z.strictObject({
  again: z
    .enum(['true', 'false'])
    .optional()
    .describe('true does a step that succeeded before on the same fields once more, to repair what was changed since'),
});
export const eventsQuerySchema = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('the last eventId that you have'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export interface RunRouteDeps {
  readonly onboarding: OnboardingDeps;
  readonly outbox: Pick<OutboxDrain, 'start'>;
  readonly requireScope: ReturnType<typeof createScopeGuard>;
}

/** `/v1/onboarding/runs`: open, look at, correct, step by step, roll back. */
export function createRunRoutes({ onboarding, requireScope, outbox }: RunRouteDeps): Hono<AppEnv> {
  const deps = onboarding;
  const fail = (c: Context<AppEnv>, error: ApiError): Response => toProblem(error, c.var.requestId);
  const noRun = { kind: 'not_found', what: 'onboarding run' } as const;
  return new Hono<AppEnv>()
    .post('/', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, openRunSchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      const read = readRunRow(deps, withRowKey(body.value));
      if (!read.ok) return fail(c, read.error);
      const { row, warnings } = read.value;
      if (body.value.rowKey !== undefined && body.value.rowKey !== row.rowKey) return fail(c, otherRowKey(row.rowKey));
      const opened = await openRun(deps, { batch: body.value.batch, row });
      if (!opened.ok) return fail(c, opened.error);
      const { run, isNew } = opened.value;
      const shown = { ...showRun(run, deps.nowMs()), warnings };
      return c.json(shown, isNew ? 201 : 200, { location: `/v1/onboarding/runs/${run.runId}` });
    })
    .get('/:runId', requireScope('onboarding:read'), async (c) => {
      const runId = c.req.param('runId').toLowerCase();
      const run = isUuid(runId) ? await findOnboardingRun(deps.database, runId) : null;
      return run ? c.json(showRun(run, deps.nowMs())) : fail(c, noRun);
    })
    .get('/:runId/events', requireScope('onboarding:read'), async (c) => {
      const query = parseInput(eventsQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const runId = c.req.param('runId').toLowerCase();
      if (!isUuid(runId) || !(await findOnboardingRun(deps.database, runId))) return fail(c, noRun);
      return c.json({ items: await listOnboardingEvents(deps.database, { runId, ...query.value }) });
    })
    .put('/:runId/row', requireScope('onboarding:write'), async (c) => {
      const body = await readJson(c.req.raw, correctRowSchema, BODY_LIMIT_BYTES);
      if (!body.ok) return fail(c, body.error);
      const runId = c.req.param('runId').toLowerCase();
      if (!isUuid(runId)) return fail(c, noRun);
      const read = readRunRow(deps, body.value.row);
      if (!read.ok) return fail(c, read.error);
      const { row, warnings } = read.value;
      const corrected = await correctRow(deps, { runId, row });
      if (!corrected.ok) return fail(c, corrected.error);
      return c.json({ ...showRun(corrected.value, deps.nowMs()), warnings });
    })
    .post('/:runId/steps/:step', requireScope('onboarding:write'), async (c) => {
      const query = parseInput(stepQuerySchema, c.req.query());
      if (!query.ok) return fail(c, query.error);
      const runId = c.req.param('runId').toLowerCase();
      const step = c.req.param('step');
      if (!isUuid(runId)) return fail(c, noRun);
      if (!isStepName(step)) return fail(c, { kind: 'not_found', what: 'onboarding step' });
      const done = await runStep(deps, { runId, step, share: 'interactive', again: query.value.again === 'true' });
      outbox.start((work) => c.executionCtx.waitUntil(work));
      if (!done.ok) return fail(c, done.error);
      return done.value.status === 'succeeded' ? c.json(done.value) : comeBack(c, done.value);
    })
    .post('/:runId/roll-back', requireScope('onboarding:write'), async (c) => {
      const runId = c.req.param('runId').toLowerCase();
      if (!isUuid(runId)) return fail(c, noRun);
      const rolled = await rollBack(deps, { runId, share: 'interactive' });
      if (!rolled.ok) return fail(c, rolled.error);
      const { run, ...answer } = rolled.value;
      const shown = { ...answer, run: showRun(run, deps.nowMs()) };
      return answer.status === 'rolling_back' ? comeBack(c, shown) : c.json(shown);
    });
}

/** 202: not done yet, and when to ask again. */
function comeBack(c: Context<AppEnv>, answer: { readonly retryAfterSeconds: number | null }): Response {
  return c.json(answer, 202, { 'retry-after': String(Math.max(1, Math.ceil(answer.retryAfterSeconds ?? 1))) });
}

/** A plan's row without its key is one whose key is beside it. */
function withRowKey({ row, rowKey }: z.output<typeof openRunSchema>): Readonly<Record<string, unknown>> {
  return 'geoRegion' in row && rowKey !== undefined ? { rowKey, ...row } : row;
}

function otherRowKey(rowKey: string): ApiError {
  const message = `The row’s key is ${rowKey}. Leave this out, or give that one.`;
  return { kind: 'invalid_input', errors: [{ field: 'rowKey', code: 'other_row_key', message }] };
}
