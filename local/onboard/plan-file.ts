import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Result } from '../../edge-router/src/rules/result.ts';
import { err, ok } from '../../edge-router/src/rules/result.ts';
import { describeProblem, type EdgeClient } from '../demo/edge-client.ts';
import { batchSchema, type Batch } from './batch-lines.ts';

const PLAN_TIMEOUT_MS = 120_000;
const LOOK_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 300;
/** The Census takes seconds; without its answer rows keep the points of their ZIPs. */
const GEOCODING_PATIENCE_MS = 60_000;

const cellSchema = z.object({
  row: z.number(),
  column: z.string(),
  value: z.string(),
  message: z.string(),
  suggestion: z.string().optional(),
});

const planSchema = z.object({
  id: z.string(),
  runnable: z.boolean(),
  counts: z.object({
    total: z.number(),
    create: z.number(),
    update: z.number(),
    skip: z.number(),
    invalid: z.number(),
  }),
  estimate: z.object({
    companyCalls: z.number(),
    locationCalls: z.number(),
    minutes: z.number(),
    boundBy: z.string(),
  }),
  errors: z.array(cellSchema),
  errorsOmitted: z.number(),
  warnings: z.array(cellSchema),
  warningsOmitted: z.number(),
  geocoding: z.object({ status: z.string() }),
});

export type Plan = z.output<typeof planSchema>;

export type PlanOptions = Readonly<Partial<Record<'onInvalid' | 'mapping' | 'emailRule', string>>>;

/** Has a file checked and compared with what exists; nothing is brought on by it. */
export async function planFile(
  client: EdgeClient,
  file: string | Uint8Array<ArrayBuffer>,
  options: PlanOptions = {},
): Promise<Result<Plan, string>> {
  const query = new URLSearchParams({ ...options }).toString();
  const path = `/v1/onboarding/plan${query === '' ? '' : `?${query}`}`;
  const body = { type: 'text/csv', text: file } as const;
  const answer = await client.send({ path, body, timeoutMs: PLAN_TIMEOUT_MS });
  return answer.ok
    ? ok(planSchema.parse(answer.value))
    : err(`The file was not planned. ${describeProblem(answer.error)}`);
}

/** Waits until a plan's addresses have their points, or for a minute: a batch takes the points that its plan has. */
export async function waitForGeocoding(client: EdgeClient, plan: Plan): Promise<void> {
  if (plan.geocoding.status === 'pending') console.log('  addresses are being geocoded …');
  const deadlineMs = Date.now() + GEOCODING_PATIENCE_MS;
  for (let { status } = plan.geocoding; status === 'pending' && Date.now() < deadlineMs;) {
    await delay(LOOK_EVERY_MS);
    const answer = await client.send({ path: `/v1/onboarding/plans/${plan.id}`, timeoutMs: LOOK_TIMEOUT_MS });
    if (answer.ok) status = planSchema.parse(answer.value).geocoding.status;
  }
}

/** Begins the batch of a plan; the same plan again is the same batch. */
export async function beginBatch(
  client: EdgeClient,
  request: { readonly planId: string; readonly name: string; readonly onFailure?: string },
): Promise<Result<Batch, string>> {
  const body = { type: 'application/json', text: JSON.stringify(request) } as const;
  const answer = await client.send({ path: '/v1/onboarding/batches', body, timeoutMs: LOOK_TIMEOUT_MS });
  return answer.ok ? ok(batchSchema.parse(answer.value)) : err(describeProblem(answer.error));
}
